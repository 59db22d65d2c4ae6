import { describe, expect, it } from 'vitest';
import { COMMAND_GROUPS, fit, linkedTraceId, rankCommands, traceIdIn, type Command } from './command';

const command = (group: Command['group'], label: string): Command => ({ id: `${group} ${label}`, group, label });
const LIST = [
  command('Pages', 'Service map'),
  command('Pages', 'Settings'),
  command('Datasets', 'map-tiles'),
  command('Columns', 'service.name'),
  command('Columns', 'http.route'),
];
const labels = (typed: string) => rankCommands(LIST, typed, 5).map((c) => c.label);

describe('commands', () => {
  it('are found by prefix, by words in any order, by letters in order, and by nothing else', () => {
    expect(fit('Service map', 'service map')).toBe(0);
    expect(fit('Service map', 'ser')).toBe(1);
    expect(fit('Service map', 'map serv')).toBe(2);
    expect(fit('Service map', 'ervi')).toBe(3);
    expect(fit('Service map', 'svm')).toBe(4);
    expect(fit('Service map', 'maps')).toBeNull();
    expect(fit('Service map', 'z')).toBeNull();
    expect(fit('a.b', '.(')).toBeNull();
  });
  it('come with the best match first and stay together in their groups', () => {
    expect(labels('map')).toEqual(['map-tiles', 'Service map']);
    expect(labels('service')).toEqual(['Service map', 'service.name']);
    expect(labels('route')).toEqual(['http.route']);
  });
  it('are all there when nothing is typed, in the order of the groups', () => {
    expect(labels('')).toEqual(['Service map', 'Settings', 'map-tiles', 'service.name', 'http.route']);
    expect(rankCommands(LIST, '', 1).map((c) => COMMAND_GROUPS.indexOf(c.group))).toEqual([1, 2, 4]);
  });
});

describe('a trace id', () => {
  it('is known in each of its spellings and in a link', () => {
    const id = '5759e988bd862e3fe1be46a994272793';
    expect(traceIdIn(` ${id}`)).toBe(id);
    expect(traceIdIn('1-5759e988-bd862e3fe1be46a994272793')).toBe('1-5759e988-bd862e3fe1be46a994272793');
    expect(traceIdIn(`http://h/t/environments/e/trace?trace_id=${id}&span=1`)).toBe(id);
    expect(traceIdIn('5759e988-bd86-2e3f-e1be-46a994272793')).toBe('5759e988-bd86-2e3f-e1be-46a994272793');
    expect(traceIdIn('checkout')).toBeUndefined();
    expect(traceIdIn(`${id}0`)).toBeUndefined();
  });
  it('is taken as it stands where its escapes are broken, as halfway through typing', () => {
    expect(traceIdIn('http://h/trace?trace_id=%')).toBe('%');
    expect(linkedTraceId('?trace_id=a%2Fb')).toBe('a/b');
    expect(linkedTraceId('?trace_id=a%2')).toBe('a%2');
    expect(linkedTraceId('a%2Fb')).toBeUndefined();
  });
});
