-- Test systems.
return {
  ["nl.gallery.dominant"] = {
    { "nl.gallery.dominant()", "domi...t: option 'n' is missing: nl.gallery.domi...t{n = 100}" },
    { "nl.gallery.dominant(100)", "domi...t: options must be a table, got number; they are named: {n = ..}" },
    { "nl.gallery.dominant{}", "domi...t: option 'n' is missing: nl.gallery.domi...t{n = 100}" },
    { "nl.gallery.dominant{n = 'x'}", "domi...t: option 'n' must be a whole number, got x" },
    { "nl.gallery.dominant{n = -1}", "domi...t: n must not be negative, got -1" },
    { "nl.gallery.dominant{n = 4, densty = 1}",
      "domi...t: unknown option 'densty' (did you mean 'density'? known: n, ...)" },
    { "nl.gallery.dominant{n = 4, density = 2}",
      "domi...t: density is 2, expected 0 to 1 (a share of the off-diagonal places)" },
    { "nl.gallery.dominant{n = 4, sign = 'plus'}", "domi...t: unknown sign 'plus' (known: mixed, ...)" },
    { "nl.gallery.dominant{n = 4, ratio = 0.5}", "domi...t: ratio is 0.5, strict domi...ce needs more than 1" },
  },
  ["nl.gallery.nondominant"] = {
    { "nl.gallery.nondominant{}", "nondomi...t: option 'n' is missing: nl.gallery.nondomi...t{n = 100}" },
    { "nl.gallery.nondominant{n = 4, kind = 'diverge'}",
      "nondomi...t: unknown kind 'diverge' (did you mean 'diverging'? known: converging, ...)" },
  },
  ["nl.gallery.chebspec"] = {
    { "nl.gallery.chebspec()", "chebspec: n must be a whole number or a table of options, got nothing" },
    { "nl.gallery.chebspec(4, {sed = 1})", "chebspec: unknown option 'sed' (did you mean 'seed'? known: seed, k)" },
  },
  ["nl.gallery.condex"] = {
    { "nl.gallery.condex()", "condex: n must be a whole number or a table of options, got nothing" },
    { "nl.gallery.condex(4, {sed = 1})", "condex: unknown option 'sed' (did you mean 'seed'? known: seed, ...)" },
  },
  ["nl.gallery.dorr"] = {
    { "nl.gallery.dorr()", "dorr: n must be a whole number or a table of options, got nothing" },
    { "nl.gallery.dorr(4, {sed = 1})", "dorr: unknown option 'sed' (did you mean 'seed'? known: seed, theta)" },
  },
  ["nl.gallery.frank"] = {
    { "nl.gallery.frank()", "frank: n must be a whole number or a table of options, got nothing" },
    { "nl.gallery.frank(4, {sed = 1})", "frank: unknown option 'sed' (did you mean 'seed'? known: seed)" },
  },
  ["nl.gallery.gfpp"] = {
    { "nl.gallery.gfpp()", "gfpp: n must be a whole number or a table of options, got nothing" },
    { "nl.gallery.gfpp(4, {sed = 1})", "gfpp: unknown option 'sed' (did you mean 'seed'? known: seed)" },
  },
  ["nl.gallery.graded"] = {
    { "nl.gallery.graded()", "graded: n must be a whole number or a table of options, got nothing" },
    { "nl.gallery.graded(4, {sed = 1})", "graded: unknown option 'sed' (did you mean 'seed'? known: seed, range)" },
  },
  ["nl.gallery.hilbert"] = {
    { "nl.gallery.hilbert()", "hilbert: n must be a whole number or a table of options, got nothing" },
    { "nl.gallery.hilbert(4, {sed = 1})", "hilbert: unknown option 'sed' (did you mean 'seed'? known: seed)" },
    { "nl.gallery.hilbert('4')", "hilbert: n must be a whole number or a table of options, got the string '4'" },
    { "nl.gallery.hilbert(-1)", "hilbert: n is -1, expected 0 to 2^31 - 1" },
    { "nl.gallery.hilbert(2.5)", "hilbert: n must be a whole number or a table of options, got 2.5" },
    { "nl.gallery.hilbert{}", "hilbert: option 'n' is missing: nl.gallery.hilbert{n = 100}" },
  },
  ["nl.gallery.invhilb"] = {
    { "nl.gallery.invhilb()", "invhilb: n must be a whole number or a table of options, got nothing" },
    { "nl.gallery.invhilb(4, {sed = 1})", "invhilb: unknown option 'sed' (did you mean 'seed'? known: seed)" },
  },
  ["nl.gallery.kahan"] = {
    { "nl.gallery.kahan()", "kahan: n must be a whole number or a table of options, got nothing" },
    { "nl.gallery.kahan(4, {sed = 1})", "kahan: unknown option 'sed' (did you mean 'seed'? known: seed, ...)" },
  },
  ["nl.gallery.lehmer"] = {
    { "nl.gallery.lehmer()", "lehmer: n must be a whole number or a table of options, got nothing" },
    { "nl.gallery.lehmer(4, {sed = 1})", "lehmer: unknown option 'sed' (did you mean 'seed'? known: seed)" },
  },
  ["nl.gallery.lotkin"] = {
    { "nl.gallery.lotkin()", "lotkin: n must be a whole number or a table of options, got nothing" },
    { "nl.gallery.lotkin(4, {sed = 1})", "lotkin: unknown option 'sed' (did you mean 'seed'? known: seed)" },
  },
  ["nl.gallery.minij"] = {
    { "nl.gallery.minij()", "minij: n must be a whole number or a table of options, got nothing" },
    { "nl.gallery.minij(4, {sed = 1})", "minij: unknown option 'sed' (did you mean 'seed'? known: seed)" },
  },
  ["nl.gallery.moler"] = {
    { "nl.gallery.moler()", "moler: n must be a whole number or a table of options, got nothing" },
    { "nl.gallery.moler(4, {sed = 1})", "moler: unknown option 'sed' (did you mean 'seed'? known: seed, alpha)" },
  },
  ["nl.gallery.neumann"] = {
    { "nl.gallery.neumann()", "neumann: n must be a whole number or a table of options, got nothing" },
    { "nl.gallery.neumann(4, {sed = 1})", "neumann: unknown option 'sed' (did you mean 'seed'? known: seed)" },
  },
  ["nl.gallery.parter"] = {
    { "nl.gallery.parter()", "parter: n must be a whole number or a table of options, got nothing" },
    { "nl.gallery.parter(4, {sed = 1})", "parter: unknown option 'sed' (did you mean 'seed'? known: seed)" },
  },
  ["nl.gallery.pei"] = {
    { "nl.gallery.pei()", "pei: n must be a whole number or a table of options, got nothing" },
    { "nl.gallery.pei(4, {sed = 1})", "pei: unknown option 'sed' (did you mean 'seed'? known: seed, alpha)" },
  },
  ["nl.gallery.poisson1d"] = {
    { "nl.gallery.poisson1d()", "poisson1d: n must be a whole number or a table of options, got nothing" },
    { "nl.gallery.poisson1d(4, {sed = 1})", "poisson1d: unknown option 'sed' (did you mean 'seed'? known: seed)" },
  },
  ["nl.gallery.poisson2d"] = {
    { "nl.gallery.poisson2d()", "poisson2d: n must be a whole number or a table of options, got nothing" },
    { "nl.gallery.poisson2d(4, {sed = 1})", "poisson2d: unknown option 'sed' (did you mean 'seed'? known: seed)" },
  },
  ["nl.gallery.poisson3d"] = {
    { "nl.gallery.poisson3d()", "poisson3d: n must be a whole number or a table of options, got nothing" },
    { "nl.gallery.poisson3d(4, {sed = 1})", "poisson3d: unknown option 'sed' (did you mean 'seed'? known: seed)" },
  },
  ["nl.gallery.randsvd"] = {
    { "nl.gallery.randsvd()", "randsvd: n must be a whole number or a table of options, got nothing" },
    { "nl.gallery.randsvd(4, {sed = 1})", "randsvd: unknown option 'sed' (did you mean 'seed'? known: seed, ...)" },
    { "nl.gallery.randsvd{n = 4, cond = 'big'}", "randsvd: option 'cond' must be a number, got big" },
    { "nl.gallery.randsvd{n = 4, cond = 0.5}", "randsvd: cond is 0.5, expected 1 to 1e300" },
    { "nl.gallery.randsvd{n = 4, codn = 10}", "randsvd: unknown option 'codn' (did you mean 'cond'? known: n, ...)" },
  },
  ["nl.gallery.tridiagonal"] = {
    { "nl.gallery.tridiagonal()", "tridiagonal: n must be a whole number or a table of options, got nothing" },
    { "nl.gallery.tridiagonal(4, {sed = 1})",
      "tridiagonal: unknown option 'sed' (did you mean 'seed'? known: seed, ...)" },
  },
  ["nl.gallery.wathen"] = {
    { "nl.gallery.wathen()", "wathen: n must be a whole number or a table of options, got nothing" },
    { "nl.gallery.wathen(4, {sed = 1})", "wathen: unknown option 'sed' (did you mean 'seed'? known: seed, ny)" },
  },
}
