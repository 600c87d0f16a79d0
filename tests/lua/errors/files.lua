-- Files, archives, databases, stores.
return {
  ["nl.load"] = {
    { "nl.load()", "bad argument #1 to 'load' (string expected, got no value)" },
    { "nl.load('x')", "load: unknown file extension '' (known: mtx, npy, npz, csv)" },
    { "nl.load('x.txt')", "load: unknown file extension 'txt' (known: mtx, npy, npz, csv)" },
    { "nl.load('x.mxt')", "load: unknown file extension 'mxt' (did you mean 'mtx'? known: mtx, npy, npz, csv)" },
    { "nl.load('x.csv', {headers = true})", "load: unknown option 'headers' (did you mean 'header'? known: header)" },
    { "nl.load('x.csv', {header = 1})", "load: option 'header' must be true or false, got 1" },
    { "nl.load('x.npy', {dtype = 'f32'})", "load: unknown option 'dtype' (known: none)" },
    { "nl.load(t)", "bad argument #1 to 'load' (string expected, got tensor)" },
    { "nl.load('a\\0.npy')", "bad argument #1 to 'load' (a path must not contain a zero byte)" },
  },
  ["nl.save"] = {
    { "nl.save()", "bad argument #1 to 'save' (string expected, got no value)" },
    { "nl.save('x.npy')", "bad argument #2 to 'save' (tensor expected, got no value)" },
    { "nl.save(t, 'x.npy')", "bad argument #1 to 'save' (string expected, got tensor)" },
    { "nl.save('x.npy', S)", "save: an .npy file cannot hold a sparse matrix; use .mtx, or save A:dense()" },
    { "nl.save('x.mtx', 1)", "bad argument #2 to 'save' (tensor or sparse matrix expected, got number)" },
    { "nl.save('x.npz', t)", "bad argument #2 to 'save' (table expected, got tensor)" },
    { "nl.save('x.npz', {t})", "save: a key of the table is a number, expected a name: {A = A, b = b}" },
    { "nl.save('x.npz', {x = 3})", "save: 'x' is a number, expected a tensor" },
    { "nl.save('x.csv', t, {names = 'a'})", "save: option 'names' is a string, expected a table" },
    { "nl.save('x.csv', t, {names = {'a', 2}})", "save: name 2 is a number, expected a string" },
    { "nl.save('x.mtx', t, {symmetry = 'sym'})",
      "save: unknown symmetry 'sym' (did you mean 'symmetric'? known: general, ...)" },
    { "nl.save('x.mtx', t, {feild = 'real'})",
      "save: unknown option 'feild' (did you mean 'field'? known: field, ...)" },
  },
  ["nl.zip.read"] = {
    { "nl.zip.read()", "bad argument #1 to 'read' (string expected, got no value)" },
    { "nl.zip.read('x.zip', {most = -1})", "zip.read: most is -1, expected at least 0" },
    { "nl.zip.read('x.zip', {mots = 1})", "zip.read: unknown option 'mots' (did you mean 'most'? known: most)" },
  },
  ["nl.zip.write"] = {
    { "nl.zip.write('x.zip')", "bad argument #2 to 'write' (table expected, got no value)" },
    { "nl.zip.write('x.zip', {'a'})", "zip.write: entry 1 is a string, expected {name =, text =}" },
    { "nl.zip.write('x.zip', {{name = 'a'}})", "zip.write: entry 1: 'text' must be a string, got nil" },
    { "nl.zip.write('x.zip', {{nam = 'a', text = ''}})",
      "zip.write: unknown option 'nam' (did you mean 'name'? known: name, ...)" },
    { "nl.zip.write('x.zip', {})", "an archive holds at least one file, got none" },
  },
  ["nl.sqlite"] = {
    { "nl.sqlite()", "bad argument #1 to 'sqlite' (string expected, got no value)" },
    { "nl.sqlite(':memory:', {timeout = -1})", "sqlite: option 'timeout' must be from 0 to 1e6 seconds, got -1.0" },
    { "nl.sqlite(':memory:', {read_only = true})",
      "sqlite: unknown option 'read_only' (did you mean 'readonly'? known: readonly, ...)" },
    { "nl.sqlite(t)", "bad argument #1 to 'sqlite' (string expected, got tensor)" },
  },
  ["Database:rows"] = {
    { "db:rows()", "bad argument #1 to 'rows' (string expected, got no value)" },
    { "db.rows('SELECT 1')", "bad argument #2 to 'rows' (string expected, got no value)" },
    { "db:rows('SELEC 1')", 'sqlite: :memory:: near "SELEC": syntax error' },
    { "db:rows('SELECT ?')", "rows: the statement has 1 parameter, got 0 values" },
    { "db:rows('SELECT ?', {})", "rows: value 1 is a table; a database holds numbers, strings, booleans and nil" },
  },
  ["Database:run"] = {
    { "db:run()", "bad argument #1 to 'run' (string expected, got no value)" },
    { "db:run('SELECT ?; SELECT 1', 1)", "run: values go with a single statement, got several" },
    { "db:run('CREATE TABEL a(b)')", 'sqlite: :memory:: near "TABEL": syntax error' },
  },
  ["Database:transaction"] = {
    { "db:transaction()", "bad argument #1 to 'transaction' (function expected, got no value)" },
    { "db:transaction(function() db:transaction(print) end)", "transaction: one is open already" },
  },
  ["Database:close"] = {
    { "db.close()",
      "bad argument #1 to 'close' (database expected, got no value; a method takes a colon: db:close(..))" },
  },
  ["store.open"] = {
    { "nl.store.open()", "store.open: path must be a string, got nil" },
    { "nl.store.open(1)", "store.open: path must be a string, got 1" },
  },
  ["store.Store:close"] = {
    { "store.close()", "Store:close: self must be a table, got nil" },
  },
  ["store.Store:find"] = {
    { "store:find()", "Store:find: o must be a table, got nil" },
  },
  ["store.Store:begin"] = {
    { "store:begin()", "Store:begin: o must be a table, got nil" },
    { "store:begin{}", "Store:begin: o.key must be a string, got nil" },
  },
  ["store.Store:join"] = {
    { "store:join()", "Store:join: id must be a whole number, got nil" },
  },
  ["store.Store:runs"] = {
    { "store.runs()", "runs: a method takes a colon: object:runs(..)" },
  },
  ["store.Store:took"] = {
    { "store.took()", "took: a method takes a colon: object:took(..)" },
  },
  ["store.Store:read"] = {
    { "store:read()", "Store:read: id must be a whole number, got nil" },
    { "store:read('x')", "Store:read: id must be a whole number, got 'x'" },
  },
  ["store.Run:add"] = {
    { "run:add()", "Run:add: row must be a table, got nil" },
    { "run:add({}, 1)", "Run:add: point must be a string, got 1" },
  },
  ["store.Run:stored"] = {
    { "run.stored()", "stored: a method takes a colon: object:stored(..)" },
  },
  ["store.Run:finish"] = {
    { "run:finish(1)", "Run:finish: also must be a function, got 1" },
  },
  ["store.Run:leave"] = {
    { "run.leave()", "leave: a method takes a colon: object:leave(..)" },
  },
  ["file.quote"] = {
    { "nl.file.quote()", "file.quote: s must be a string, got nil" },
    { "nl.file.quote('a\\0')", "file.quote: a file name cannot hold a zero byte" },
  },
  ["file.capture"] = {
    { "nl.file.capture()", "file.capture: command must be a string, got nil" },
  },
  ["file.split"] = {
    { "nl.file.split(t)", "file.split: path must be a string, got a tensor" },
  },
  ["file.make_folder"] = {
    { "nl.file.make_folder{}", "file.make_folder: path must be a string, got a table" },
  },
  ["file.read"] = {
    { "nl.file.read()", "file.read: path must be a string, got nil" },
  },
  ["file.write"] = {
    { "nl.file.write()", "file.write: path must be a string, got nil" },
    { "nl.file.write('x')", "file.write: contents must be a string, got nil" },
  },
  ["file.list"] = {
    { "nl.file.list()", "file.list: folder must be a string, got nil" },
    { "nl.file.list('.')", "file.list: ending must be a string, got nil" },
  },
  ["file.is_terminal"] = {
    { "nl.file.is_terminal()", "file.is_terminal: stream must be 'stdout' or 'stderr', got nil" },
    { "nl.file.is_terminal('stdin')", "file.is_terminal: stream must be 'stdout' or 'stderr', got 'stdin'" },
  },
  ["file.takes_color"] = {
    { "nl.file.takes_color(1)", "file.is_terminal: stream must be 'stdout' or 'stderr', got 1" },
  },
}
