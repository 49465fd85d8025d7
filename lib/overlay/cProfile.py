"""Profiling at little cost: the module profile's interface over the native profiler.

The package that the library comes from has no module of this name.
"""

__all__ = ["run", "runctx", "Profile"]

import builtins
import io
import optparse
import os
import profile as _profile
import runpy
import sys
import types

import _lsprof


def run(statement, filename=None, sort=-1):
    return _profile._Utils(Profile).run(statement, filename, sort)


def runctx(statement, globals, locals, filename=None, sort=-1):
    return _profile._Utils(Profile).runctx(statement, globals, locals, filename, sort)


run.__doc__ = _profile.run.__doc__
runctx.__doc__ = _profile.runctx.__doc__


def label(code):
    """File, line and name by which pstats knows a function."""
    if isinstance(code, str):
        return "~", 0, code
    return code.co_filename, code.co_firstlineno, code.co_name


class Profile(_lsprof.Profiler):
    """Profile(timer=None, timeunit=None, subcalls=True, builtins=True)

    Counts calls and times. timer: a function that tells the time, instead of the clock; timeunit: the seconds
    of one unit of it, if it tells integers.
    """

    def print_stats(self, sort=-1):
        import pstats
        keys = sort if isinstance(sort, tuple) else (sort,)
        pstats.Stats(self).strip_dirs().sort_stats(*keys).print_stats()

    def dump_stats(self, file):
        import marshal
        with open(file, "wb") as out:
            self.create_stats()
            marshal.dump(self.stats, out)

    def create_stats(self):
        self.disable()
        self.snapshot_stats()

    def snapshot_stats(self):
        # A function has a row: calls that are not recursive, all calls, own time, time with what it called, and its callers
        # with the same four of their calls.
        entries = self.getstats()
        self.stats, callers_of = {}, {}
        for e in entries:
            callers = callers_of[id(e.code)] = {}
            self.stats[label(e.code)] = _figures(e) + (callers,)
        for caller in entries:
            where = label(caller.code)
            for e in caller.calls or ():
                callers = callers_of.get(id(e.code))
                if callers is None:
                    continue
                before = callers.get(where, (0, 0, 0, 0))
                calls, primitive, own, total = (a + b for a, b in zip(_called(e), before))
                callers[where] = calls, primitive, own, total

    def run(self, cmd):
        import __main__
        names = __main__.__dict__
        return self.runctx(cmd, names, names)

    def runctx(self, cmd, globals, locals):
        self.runcall(exec, cmd, globals, locals)
        return self

    def runcall(self, func, /, *args, **kw):
        self.enable()
        try:
            return func(*args, **kw)
        finally:
            self.disable()

    def __enter__(self):
        self.enable()
        return self

    def __exit__(self, *exc_info):
        self.disable()


def _figures(e):
    return e.callcount - e.reccallcount, e.callcount, e.inlinetime, e.totaltime


def _called(e):
    return e.callcount, e.callcount - e.reccallcount, e.inlinetime, e.totaltime


def _script(path):
    """The code of a program and the names it runs in: those of the module __main__, where pickles of its classes look for them."""
    sys.path.insert(0, os.path.dirname(path))
    with io.open_code(path) as file:
        code = compile(file.read(), path, "exec")
    program = types.ModuleType("__main__")
    vars(program).update(__file__=path, __builtins__=builtins, __cached__=None)
    sys.modules["__main__"] = program
    return code, vars(program)


def _module(name):
    """The same for a module of the library."""
    return "run(name, run_name='__main__')", {"run": runpy.run_module, "name": name}


def _parser():
    import pstats
    parser = optparse.OptionParser("cProfile.py [-o output_file_path] [-s sort] [-m module | scriptfile] [arg] ...")
    parser.disable_interspersed_args()
    parser.add_option("-o", "--outfile", help="Save stats to <outfile>")
    parser.add_option("-s", "--sort", default=2, choices=sorted(pstats.Stats.sort_arg_dict_default),
                      help="Sort order when printing to stdout, based on pstats.Stats class")
    parser.add_option("-m", dest="what", action="store_const", const=_module, default=_script,
                      help="Profile a library module")
    return parser


def main():
    parser = _parser()
    options, rest = parser.parse_args()
    if not rest:
        parser.print_usage()
        if len(sys.argv) < 2:
            sys.exit(2)
        return parser
    # Before the program changes the directory.
    outfile = options.outfile and os.path.abspath(options.outfile)
    sys.argv[:] = rest
    code, names = options.what(rest[0])
    try:
        runctx(code, names, None, outfile, options.sort)
    except BrokenPipeError as error:
        # Nobody reads any more: nothing may be written at the end of the process either.
        sys.stdout = None
        sys.exit(error.errno)
    return parser


if __name__ == "__main__":
    main()
