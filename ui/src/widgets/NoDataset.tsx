// Says that a link leads to a dataset that is not there, and where the others are.
import { Empty } from './basic';
import { Link } from './Link';
import { environmentPath, type Place } from './route';

export const NoDataset = ({ place, dataset }: { place: Place; dataset: string }) => (
  <Empty title={`There is no dataset “${dataset}” in this environment`}>
    <p>It was deleted, or nothing has been sent to it yet.</p>
    <Link to={environmentPath(place, '/datasets')}>All datasets</Link>
  </Empty>
);
