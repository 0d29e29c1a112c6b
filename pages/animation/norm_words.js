// What a step of a norm's walk does, in a sentence, and what the tensor shows meanwhile.

const SENTENCES = {
  forward: {
    x: "The numbers before. Those inside the dashed line are one set: they will share one mean and one variance.",
    mean: "All numbers of the set are added up and divided by how many they are: one mean for all of them.",
    centre: "Each number minus the mean of its set: the set now lies around 0.",
    square: "Each of these differences times itself.",
    variance: "The mean of the squares is the variance of the set.",
    root: "Its root is the standard deviation. eps keeps it above 0, also where all numbers of a set are equal.",
    divide:
      "Each difference ÷ std: x̂ has mean 0 and deviation 1 in every set, nearly (eps); where all its numbers are equal, x̂ is 0.",
    scale: "Times γ, which is learned: the layer may choose another deviation.",
    shift: "Plus β, which is learned: the layer may choose another mean. These are the numbers after.",
  },
  backward: {
    shift: "Backward. dout says how the loss changes with each number after; adding β passes it on as it is.",
    scale: "What was multiplied by γ forward is multiplied by γ on the way back.",
    divide:
      "x̂ was made of two things, so the gradient parts: one part goes to the difference, one to the standard deviation.",
    root: "Back through the root, whose slope is 1 ÷ (2 × std).",
    variance: "The variance was a mean: each square gets an equal share of its gradient.",
    square: "Back through the square, whose slope is 2 × the difference: the second path into the difference.",
    centre: "Both paths into the difference add up. The sum goes on to x, and, with a minus, to the mean.",
    mean: "The mean was made of all numbers of the set: each gets an equal share. This is the second path into x.",
    x: "Both paths into x add up to dx.",
  },
};
// What is different in use, where mean and variance are given.
const IN_USE = {
  forward: {
    x: "The numbers before. Those inside the dashed line will meet one running mean and one running variance, found in training.",
    mean: "The mean is the running one from training: the same for every picture, whatever the batch.",
    centre: "Each number minus the running mean of its channel: around 0, if training saw such pictures.",
    variance: "The variance, too, is the running one from training.",
    root: "Its root is the standard deviation. eps keeps it above 0, also where a channel was constant in training.",
    divide: "Each difference divided by the running standard deviation: in a channel, x̂ then has a deviation near 1.",
  },
  backward: {
    divide: "Mean and variance are constants here, so all of the gradient goes to the difference.",
    centre: "There is one path only: the mean is a constant.",
    x: "With constants for mean and variance, dx is dout scaled, and no picture's gradient depends on another picture.",
  },
};
const TITLES = {
  x: "x: the numbers before",
  mean: "mean: one number a set",
  centered: "x − mean",
  squared: "(x − mean)²",
  variance: "variance: one number a set",
  std: "std: one number a set",
  normalized: "x̂",
  scaled: "γ × x̂",
  out: "out: the numbers after",
  dout: "dout: the gradient that arrives",
  dnormalized: "dx̂ = γ × dout",
  dcentered_by_divide: "gradient of x − mean, by divide",
  dvariance: "dvariance: one number a set",
  dsquared: "gradient of the squares",
  dcentered_by_square: "gradient of x − mean, by square",
  dcentered: "gradient of x − mean, both paths",
  dx_by_mean: "gradient of x, by the mean",
  dx: "dx: the gradient of the numbers before",
};

// In use nothing is found from a set, and x − mean is reached by one path.
export function titleOf({ training }, shown) {
  return training ? TITLES[shown] : TITLES[shown].replace("a set", "a channel").replace(", both paths", "");
}

export function sentenceOf({ training }, { phase, row }) {
  return (!training && IN_USE[phase.name][row]) || SENTENCES[phase.name][row];
}

// As HTML.
export function legendOf({ training }) {
  const [linked, square] = training
    ? ["its set: they share one mean and one variance", "one number a set"]
    : ["its channel: all meet the same running mean and variance", "one number a channel"];
  return (
    `<span><i class="negative"></i> below 0 <i class="scale"></i> above 0 <i class="positive"></i> (strongest: the largest)</span>` +
    `<span><i class="here"></i> the cell that is written out</span><span><i class="linked"></i> ${linked}</span>` +
    `<span>● one number a cell</span><span>■ ${square}</span>`
  );
}

// The set of a cell in words: which channels of which pictures.
export function setInWords(walk, cell) {
  const planes = Object.keys(walk.setOf(cell)).map(Number);
  const range = (numbers, all, word) => {
    const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
    if (numbers.length === all && all > 1) return `all ${all} ${word}s`;
    return low === high ? `${word} ${low}` : `${word}s ${low} to ${high}`;
  };
  const unique = (numbers) => [...new Set(numbers)];
  const channels = unique(planes.map((plane) => plane % walk.channels));
  const pictures = unique(planes.map((plane) => Math.floor(plane / walk.channels)));
  const [which, of] = [range(channels, walk.channels, "channel"), range(pictures, walk.pictures, "picture")];
  return walk.training
    ? `One mean and one variance for ${which} of ${of}: ${walk.set_size} numbers`
    : `The running mean and variance of ${which}, for every picture of any batch`;
}
