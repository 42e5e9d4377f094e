import { describe, expect, it } from 'vitest';
import { commandOf, type Key } from './keyboard.ts';

const key = (name: string, change: Partial<Key> = {}): Key => ({
  key: name,
  hasModifier: false,
  isRepeat: false,
  isTyping: false,
  isOnList: false,
  ...change,
});

describe('commandOf', () => {
  it.each([
    ['j', 'next'],
    ['k', 'previous'],
    ['a', 'acknowledge'],
    ['r', 'resolve'],
    ['/', 'filter'],
    ['?', 'help'],
  ])('understands %s as %s', (name, command) => {
    expect(commandOf(key(name), true)).toBe(command);
  });

  it('leaves typing, browser shortcuts and other keys alone', () => {
    expect(commandOf(key('a', { isTyping: true }), true)).toBeNull();
    expect(commandOf(key('r', { hasModifier: true }), true)).toBeNull();
    expect(commandOf(key('x'), true)).toBeNull();
  });

  it('lets a held key move, but never decide', () => {
    expect(commandOf(key('j', { isRepeat: true }), true)).toBe('next');
    expect(commandOf(key('a', { isRepeat: true }), true)).toBeNull();
    expect(commandOf(key('r', { isRepeat: true }), true)).toBeNull();
  });

  it('keeps Enter and the arrows for the list, so that buttons still work', () => {
    expect(commandOf(key('Enter'), true)).toBeNull();
    expect(commandOf(key('Enter', { isOnList: true }), true)).toBe('open');
    expect(commandOf(key('ArrowDown', { isOnList: true }), true)).toBe('next');
  });

  it('can do without letters', () => {
    expect(commandOf(key('a'), false)).toBeNull();
    expect(commandOf(key('ArrowDown', { isOnList: true }), false)).toBe('next');
    expect(commandOf(key('Escape', { isTyping: true }), false)).toBe('close');
  });
});
