def attempt(src):
    try:
        exec(src, {})
    except ImportError as e:
        print(type(e).__name__, str(e).split(" (")[0], e.name)
attempt("import no_such_module")  # expect: ModuleNotFoundError No module named 'no_such_module' no_such_module
attempt("import os.nope")  # expect: ModuleNotFoundError No module named 'os.nope'; 'os' is not a package os.nope
attempt("import json.decoder.nope")  # expect: ModuleNotFoundError No module named 'json.decoder.nope'; 'json.decoder' is not a package json.decoder.nope
attempt("from json import nope")  # expect: ImportError cannot import name 'nope' from 'json' json
attempt("from no.such import x")  # expect: ModuleNotFoundError No module named 'no' no
