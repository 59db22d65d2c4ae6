//! Which rows of a trace that is too large to be drawn are shown: level by level from the root, as a reader would open it.
//!
//! Only the ids of the rows are read for the choice. They are told apart by their hashes: two ids of one trace with the same hash would
//! put a span below the wrong parent of a picture that is incomplete anyway.

use crate::exec::{ExecError, Watch};
use crate::relation::texts_of;
use crate::rows::Place;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use waggle_model::{LeftOut, Meaning};
use waggle_store::Snapshot;
use waggle_store::column::{CHUNK_ROWS, ChunkBuffer, stable_hash};

const SPAN_ID: &str = Meaning::SpanId.column();
const PARENT_ID: &str = Meaning::ParentId.column();
const ANNOTATION_TYPE: &str = Meaning::AnnotationType.column();
const SIGNAL_TYPE: &str = "meta.signal_type";
const NONE: usize = usize::MAX;

/// The rows to show, oldest first, and what is below them that is not.
pub(super) struct Window {
    pub(super) chosen: Vec<Place>,
    pub(super) left_out: Vec<LeftOut>,
}

/// Chooses at most `limit` spans and logs of a trace, and at most as many of their events and links.
pub(super) fn choose(
    snapshot: &Snapshot,
    mut places: Vec<Place>,
    limit: usize,
    around: Option<&str>,
    watch: &Watch,
) -> Result<Window, ExecError> {
    let bytes = places.len() * (size_of::<Place>() + size_of::<Ids>() + 6 * size_of::<usize>());
    watch.account(0, bytes)?;
    let mut ids = read_ids(snapshot, &places, watch)?;
    // Rows of one time come in an order that does not depend on which thread has found them.
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_unstable_by_key(|index| {
        let (place, ids) = (&places[*index], &ids[*index]);
        (place.time_ns, ids.span, ids.parent, place.source, place.row)
    });
    places = order.iter().map(|index| places[*index]).collect();
    ids = order.iter().map(|index| ids[*index]).collect();
    let tree = Tree::new(&ids);
    let around = around.and_then(|id| tree.by_id.get(&stable_hash(id)).copied());
    let is_chosen = tree.choose(limit, around, watch)?;
    let anchors = tree.anchors(&is_chosen);
    let mut chosen: Vec<Place> = Vec::new();
    let mut number_of = vec![NONE; places.len()];
    let mut annotations_left = limit;
    for (index, place) in places.iter().enumerate() {
        let is_shown = match tree.kinds[index] {
            Kind::Node => is_chosen[index],
            Kind::Annotation => {
                let parent = tree.parents[index];
                let is_shown = annotations_left > 0 && parent != NONE && is_chosen[parent];
                annotations_left -= usize::from(is_shown);
                is_shown
            }
            Kind::Again => false,
        };
        if is_shown {
            number_of[index] = chosen.len();
            chosen.push(*place);
        }
    }
    let mut counts: HashMap<usize, usize> = HashMap::new();
    for (index, anchor) in anchors.into_iter().enumerate() {
        if tree.kinds[index] == Kind::Node && !is_chosen[index] {
            *counts.entry(anchor).or_default() += 1;
        }
    }
    let mut left_out: Vec<LeftOut> = counts
        .into_iter()
        .map(|(anchor, count)| LeftOut {
            below: number_of.get(anchor).copied(),
            count,
        })
        .collect();
    left_out.sort_by_key(|left_out| left_out.below);
    watch.account(bytes, 0)?;
    Ok(Window { chosen, left_out })
}

/// Hashes of what makes a row a part of the tree; 0 for none.
#[derive(Clone, Copy, Default)]
struct Ids {
    span: u64,
    parent: u64,
    annotation: u64,
    signal: u64,
}

fn read_ids(snapshot: &Snapshot, places: &[Place], watch: &Watch) -> Result<Vec<Ids>, ExecError> {
    let mut ids = vec![Ids::default(); places.len()];
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_unstable_by_key(|index| (places[*index].source, places[*index].row));
    let mut codes = ChunkBuffer::default();
    for of_source in order.chunk_by(|left, right| places[*left].source == places[*right].source) {
        let source = &snapshot.sources[places[of_source[0]].source];
        for (name, set) in FIELDS {
            watch.check()?;
            let Some(column) = source.column(name)? else {
                continue;
            };
            let Some(texts) = texts_of(&column.types) else {
                continue;
            };
            let Some(dictionary) = texts.dictionary() else {
                continue;
            };
            for indices in of_source.chunks(CHUNK_ROWS) {
                let rows: Vec<u32> = indices.iter().map(|index| places[*index].row).collect();
                texts.pick_codes(&rows, &mut codes);
                for (at, index) in indices.iter().enumerate() {
                    if codes.has(at) {
                        set(&mut ids[*index], dictionary.hash(codes.values[at]));
                    }
                }
            }
        }
    }
    Ok(ids)
}

type SetField = fn(&mut Ids, u64);
const FIELDS: [(&str, SetField); 4] = [
    (SPAN_ID, |ids, hash| ids.span = hash),
    (PARENT_ID, |ids, hash| ids.parent = hash),
    (ANNOTATION_TYPE, |ids, hash| ids.annotation = hash),
    (SIGNAL_TYPE, |ids, hash| ids.signal = hash),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A span or a log: a row of the picture.
    Node,
    /// A span event or a link, which is drawn with its span.
    Annotation,
    /// A span that was sent before.
    Again,
}

/// Who is below whom. Rows are named by their index.
struct Tree {
    kinds: Vec<Kind>,
    by_id: HashMap<u64, usize>,
    /// [`NONE`] where there is no parent, or it isn't there.
    parents: Vec<usize>,
    /// Nodes by parent, those without one last; a node's are at `starts[node]..starts[node + 1]`.
    children: Vec<usize>,
    starts: Vec<usize>,
}

impl Tree {
    fn new(ids: &[Ids]) -> Self {
        let log = stable_hash("log");
        let annotations = [stable_hash("span_event"), stable_hash("link")];
        let mut by_id = HashMap::new();
        let mut kinds = Vec::with_capacity(ids.len());
        for (index, ids) in ids.iter().enumerate() {
            let is_log = ids.signal == log;
            kinds.push(if !is_log && annotations.contains(&ids.annotation) {
                Kind::Annotation
            } else if is_log || ids.span == 0 {
                Kind::Node
            } else {
                match by_id.entry(ids.span) {
                    Entry::Occupied(_) => Kind::Again,
                    Entry::Vacant(entry) => {
                        entry.insert(index);
                        Kind::Node
                    }
                }
            });
        }
        let parents: Vec<usize> = (ids.iter().enumerate())
            .map(|(index, ids)| match by_id.get(&ids.parent) {
                Some(parent) if *parent != index => *parent,
                _ => NONE,
            })
            .collect();
        let mut starts = vec![0; ids.len() + 2];
        let slot = |parent: usize| parent.min(ids.len());
        let nodes = || (0..ids.len()).filter(|index| kinds[*index] == Kind::Node);
        for index in nodes() {
            starts[slot(parents[index]) + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut next = starts.clone();
        let mut children = vec![0; nodes().count()];
        for index in nodes() {
            let next = &mut next[slot(parents[index])];
            children[*next] = index;
            *next += 1;
        }
        Self {
            kinds,
            by_id,
            parents,
            children,
            starts,
        }
    }

    fn below(&self, node: usize) -> &[usize] {
        &self.children[self.starts[node]..self.starts[node + 1]]
    }

    /// Nodes with nothing above them, the oldest first, and then all others: those that name each other as parents have no top.
    fn tops(&self) -> impl Iterator<Item = usize> {
        let tops = self.below(self.kinds.len()).iter().copied();
        tops.chain(0..self.kinds.len())
            .filter(|index| self.kinds[*index] == Kind::Node)
    }

    fn choose(
        &self,
        limit: usize,
        around: Option<usize>,
        watch: &Watch,
    ) -> Result<Vec<bool>, ExecError> {
        let mut is_chosen = vec![false; self.kinds.len()];
        let mut left = limit;
        let mut up = around.unwrap_or(NONE);
        while up != NONE && !is_chosen[up] && left > 0 {
            is_chosen[up] = true;
            left -= 1;
            up = self.parents[up];
        }
        if let Some(around) = around {
            let mut half = left.min(limit / 2);
            left -= half;
            self.spread(&[around], &mut is_chosen, &mut half, watch)?;
            left += half;
        }
        self.spread(
            self.below(self.kinds.len()),
            &mut is_chosen,
            &mut left,
            watch,
        )?;
        // What is still left over after all that has a top: rings, whose members are all the same to a reader.
        for node in self.tops() {
            if left > 0 && !is_chosen[node] {
                is_chosen[node] = true;
                left -= 1;
            }
        }
        Ok(is_chosen)
    }

    /// Chooses level by level what is at and below some nodes while any are `left`.
    fn spread(
        &self,
        from: &[usize],
        is_chosen: &mut [bool],
        left: &mut usize,
        watch: &Watch,
    ) -> Result<(), ExecError> {
        let mut is_seen = vec![false; self.kinds.len()];
        let mut level = from.to_vec();
        while !level.is_empty() {
            watch.check()?;
            let mut next = Vec::new();
            for node in level {
                if std::mem::replace(&mut is_seen[node], true) {
                    continue;
                }
                if !is_chosen[node] {
                    if *left == 0 {
                        return Ok(());
                    }
                    is_chosen[node] = true;
                    *left -= 1;
                }
                next.extend_from_slice(self.below(node));
            }
            level = next;
        }
        Ok(())
    }

    /// Per node the closest chosen one at or above it, or [`NONE`].
    fn anchors(&self, is_chosen: &[bool]) -> Vec<usize> {
        let mut anchors = vec![NONE; self.kinds.len()];
        let mut is_seen = vec![false; self.kinds.len()];
        for top in self.tops() {
            let mut todo = vec![top];
            while let Some(node) = todo.pop() {
                if std::mem::replace(&mut is_seen[node], true) {
                    continue;
                }
                anchors[node] = match self.parents[node] {
                    _ if is_chosen[node] => node,
                    NONE => NONE,
                    parent => anchors[parent],
                };
                todo.extend_from_slice(self.below(node));
            }
        }
        anchors
    }
}
