// A network on one picture as the server sent it, decoded: its layers from the input to the classes, and what links their maps.

import { unpack } from "./numbers.js";

const [FORKS, NODES] = [3, 4]; // links that are followed from the map itself, and from others one less; from so many maps of a layer

class Layer {
  constructor(sent) {
    Object.assign(this, sent);
    this.isMaps = this.shape.length === 3;
    this.size = this.isMaps ? this.shape.slice(1) : [1, 1];
    this.count = this.numbers.length;
    this.maps.codes = unpack(this.maps.codes);
    if (this.grad) this.grad.codes = unpack(this.grad.codes);
    this.placeOf = new Map(this.numbers.map((number, place) => [number, place]));
  }
}

export class Net {
  constructor({ layers, classes, picture }) {
    this.classes = classes;
    this.picture = { levels: unpack(picture.levels), shape: picture.shape };
    this.words = picture.words;
    const numbers = classes.names.map((_, k) => k);
    const { probabilities, truth, guess, target } = classes;
    const order = numbers.toSorted((a, b) => probabilities[b] - probabilities[a]);
    const asked = [truth, guess, target].filter((k) => k !== null);
    const softmax = { name: "softmax", kind: "softmax", words: "the class probabilities", shape: [numbers.length] };
    const end = { ...softmax, numbers, order, asked, count: numbers.length, group: layers.at(-1).group, size: [1, 1] };
    end.placeOf = new Map(numbers.map((k) => [k, k]));
    this.layers = [...layers.map((layer) => new Layer(layer)), end];
    const peak = (kind) => Math.max(...this.layers.slice(1, -1).flatMap((layer) => layer[kind]?.peaks ?? []), 0);
    this.peaks = { maps: peak("maps"), grad: peak("grad") };
  }

  // The maps that matter most for one: by layer, a Map from place to how much it matters beside the one of its layer that does
  // most, from 0 to 1. In the forward way down to the input, in the backward way, from which its gradient came, up to the scores.
  trail(at, backward) {
    const found = this.layers.map(() => new Map());
    const edges = [];
    found[at.layer].set(at.place, 1);
    const end = backward ? this.layers.length - 1 : 0;
    for (let index = at.layer; index !== end; index += backward ? 1 : -1) {
      const next = index + (backward ? 1 : -1);
      const most = Math.max(...found[index].values());
      const forks = edges.some(({ from: [of] }) => this.mixes(of, backward)) ? FORKS - 1 : FORKS;
      for (const [place, strength] of found[index]) found[index].set(place, strength / most);
      const strongest = [...found[index]].toSorted((a, b) => b[1] - a[1]).slice(0, NODES);
      for (const [place, strength] of strongest)
        for (const [number, share] of this.linksOf(index, place, backward).slice(0, forks)) {
          const to = this.layers[next].placeOf.get(number);
          if (to === undefined) continue; // one of very many that is not shown
          found[next].set(to, (found[next].get(to) ?? 0) + strength * share);
          edges.push({ from: [index, place], to: [next, to], strength: strength * share });
        }
    }
    const most = Math.max(...found[end].values());
    for (const [place, strength] of found[end]) found[end].set(place, strength / most);
    return { found, edges };
  }

  // [number, share] of the maps next to a map, those that matter most first.
  linksOf(index, place, backward) {
    const layer = this.layers[index];
    const links = (backward ? layer.back : layer.links)?.[place];
    if (links?.length || this.mixes(index, backward)) return links ?? [];
    return [[layer.numbers[place], 1]];
  }

  // Whether a map of this layer has to do with all maps of the next one, and not only with that of its own number.
  mixes(index, backward) {
    const list = backward ? this.layers[index].back : this.layers[index].links;
    return Boolean(list?.length);
  }

  indexOf(name) {
    return this.layers.findIndex((layer) => layer.name === name);
  }

  // The map that is open, by its names; if it is a class or its score, it is shown whatever else is left out.
  choose(name, number) {
    const at = this.find(name, number);
    const end = this.layers.at(-1);
    this.asked ??= end.asked;
    end.asked = at && at.layer >= this.layers.length - 2 ? [at.place, ...this.asked] : this.asked;
    return at;
  }

  // Where a map is by the names that an address has for it, if it is there.
  find(name, number) {
    const layer = this.indexOf(name);
    const place = this.layers[layer]?.placeOf.get(number);
    return place === undefined ? null : { layer, place };
  }
}
