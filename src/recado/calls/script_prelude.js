// Runs in every new context, before the author's code: makes the inputs readable, calls the code as a function, and
// gives back one text: a word that says how it went, a line feed, and JSON.
// It is no wall: the code may undo everything here and gains nothing, for all it can make is another text.
((code, inputsText) => {
  "use strict";
  const { parse, stringify } = JSON;
  const { defineProperty, keys } = Object;
  const make = Function;
  const Promised = Promise;
  const WrongType = TypeError;
  const match = RegExp.prototype.exec.call.bind(RegExp.prototype.exec);
  const LARGEST = 64000;
  const LONGEST = 1000;
  const HEAD = 2; // lines that `Function` writes above a body
  const lines = code.split("\n").length;

  function say(word, error) {
    let text = "";
    try {
      text = `${error}`;
      const place = match(/<input>:(\d+)/, `${error.stack}`);
      const line = place ? place[1] - HEAD : 0;
      if (line > 0) text = `line ${line > lines ? lines : line}: ${text}`;
    } catch {
      text ||= "an error that cannot be read";
    }
    return word + stringify(text.length > LONGEST ? text.substring(0, LONGEST) : text);
  }

  function json(key, value) {
    if (typeof value === "function" || typeof value === "symbol") {
      throw new WrongType(`a ${typeof value} is not JSON`);
    }
    if (value instanceof Promised) throw new WrongType("a promise is not JSON");
    return value;
  }

  const inputs = parse(inputsText);
  for (const name of keys(inputs)) {
    try {
      defineProperty(globalThis, name, { value: inputs[name], writable: true });
    } catch {
      // `undefined`, `NaN` and `Infinity` stay what they are; the object `inputs` has these, too.
    }
  }
  let value;
  try {
    value = make("inputs", code)(inputs);
  } catch (error) {
    return say("exception\n", error);
  }
  try {
    const text = stringify(value, json) ?? "null";
    return text.length > LARGEST ? "too_large\n" : "value\n" + text;
  } catch (error) {
    return say("bad_result\n", error);
  }
})
