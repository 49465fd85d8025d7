"""Runs the cases of one test module and reports each as it happens.

    python runner.py EVENTS MODULE [--skip FILE] [--match PATTERN] [--stubs FOLDER] [--pretend NAME]
                     [--parallel-threads N] [--alone FILE]

EVENTS is the file to which one line an event is written at once, so that the driver knows which case was
running when the process died. A line is a kind, a case id and a message, with tabs between them:

    start               a case begins
    ok fail error skip xfail xpass
                        how it ended; failures in subtests count as failures of the case
    fixture-fail fixture-skip
                        setUpClass, setUpModule or a cleanup failed, or skipped what it is for
    module-fail module-skip
                        the module could not be loaded, or does not apply here
    done                all cases have been run

Nothing here needs more than unittest does, and what may fail in a young interpreter is guarded.
"""

import os
import sys


class Events:
    """The file of events. Children forked by a test have a copy, and must not write to it."""

    def __init__(self, path):
        self.fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self.pid = os.getpid()

    def write(self, kind, case="", message=""):
        if os.getpid() == self.pid:
            line = "\t".join((kind, escape(case), escape(message))) + "\n"
            os.write(self.fd, line.encode("utf-8", "backslashreplace"))


def escape(text):
    """Put a text on one line, without tabs."""
    for char, escaped in ("\\", "\\\\"), ("\n", "\\n"), ("\t", "\\t"), ("\r", "\\r"):
        text = text.replace(char, escaped)
    return text


def describe(exc):
    """The first line of what an exception says, with its type."""
    try:
        lines = str(exc).strip().split("\n")
        text = lines[0]
    except Exception as error:
        text = "str() of it raised " + type(error).__name__
    return (type(exc).__name__ + (": " + text if text else ""))[:300]


def show(case, exc):
    """Print the traceback of a failure, for whoever reads the log."""
    print("FAILED", case, flush=True)
    try:
        import traceback
        traceback.print_exception(exc, file=sys.stdout)
    except BaseException as error:
        print("no traceback:", type(error), describe(exc))
    sys.stdout.flush()


def result_class(unittest, events):
    """The class that turns unittest's calls into events. A case is judged when it stops."""

    class Result(unittest.TestResult):
        case = None
        outcome = None

        def startTest(self, test):
            super().startTest(test)
            self.case, self.outcome = test, None
            events.write("start", type(test).id(test))

        def stopTest(self, test):
            kind, message = self.outcome or ("error", "the case ended without an outcome")
            events.write(kind, type(test).id(test), message)
            self.case = None
            super().stopTest(test)

        def judge(self, kind, message=""):
            """Keep the worst of several outcomes, and the first of those."""
            order = ("ok", "skip", "xfail", "xpass", "fail", "error")
            if self.outcome is None or order.index(kind) > order.index(self.outcome[0]):
                self.outcome = kind, message

        def failed(self, kind, test, exc):
            show(test.id(), exc)
            if self.case is None:
                events.write("fixture-fail", test.id(), describe(exc))
            else:
                self.judge(kind, describe(exc))

        def addSuccess(self, test):
            self.judge("ok")

        def addFailure(self, test, err):
            self.failed("fail", test, err[1])

        def addError(self, test, err):
            self.failed("error", test, err[1])

        def addSubTest(self, test, subtest, err):
            if err is not None:
                kind = "fail" if issubclass(err[0], test.failureException) else "error"
                self.failed(kind, subtest, err[1])

        def addSkip(self, test, reason):
            if self.case is None:
                events.write("fixture-skip", test.id(), str(reason))
            elif test is self.case:
                self.judge("skip", str(reason))
            else:
                # One subtest was skipped; the case as such ran.
                self.judge("ok")

        def addExpectedFailure(self, test, err):
            self.judge("xfail")

        def addUnexpectedSuccess(self, test):
            self.judge("xpass", "was expected to fail")

    return Result


def select(suite, keep, suite_type):
    """Remove from a suite, in place, the cases that `keep` refuses."""
    kept = []
    for test in suite._tests:
        if isinstance(test, suite_type):
            select(test, keep, suite_type)
            kept.append(test)
        elif keep(type(test).id(test)):
            kept.append(test)
    suite._tests = kept


def in_parallel(suite, unittest, count, alone):
    """Replace, in place, each case of a suite by one that runs it in several threads at once.

    Left as they are: cases that are marked as unsafe, and those whose id is in `alone`, a list, in which an id that ends in `*`
    stands for all that begin as it does.
    """
    starts = tuple(id[:-1] for id in alone if id.endswith("*"))

    class Collected(unittest.TestResult):
        """What came of the case in one thread: a list of calls for the result proper."""

        def __init__(self, case):
            super().__init__()
            self.case = case
            self.calls = []

        def addSuccess(self, test):
            self.calls.append(("addSuccess",))

        def addFailure(self, test, err):
            self.calls.append(("addFailure", err))

        def addError(self, test, err):
            self.calls.append(("addError", err))

        def addSubTest(self, test, subtest, err):
            if err is not None:
                failed = issubclass(err[0], test.failureException)
                self.calls.append(("addFailure" if failed else "addError", err))

        def addSkip(self, test, reason):
            # Where only a subtest was skipped, the case as such ran.
            self.calls.append(("addSkip", reason) if test is self.case else ("addSuccess",))

        def addExpectedFailure(self, test, err):
            self.calls.append(("addExpectedFailure", err))

        def addUnexpectedSuccess(self, test):
            self.calls.append(("addUnexpectedSuccess",))

    class Parallel(unittest.TestCase):
        # So that a suite sees to the fixtures of the case's class and module.
        __class__ = property(lambda self: type(self.case))

        def __init__(self, case):
            self.case = case
            self._testMethodName, self._testMethodDoc = case._testMethodName, case._testMethodDoc

        def id(self):
            return self.case.id()

        def run(self, result):
            import copy
            import threading
            result.startTest(self)
            barrier = threading.Barrier(count)
            results = [Collected(copy.copy(self.case)) for _ in range(count)]
            for collected in results:
                # Of what is made for each case, the one thing that a copy would share.
                collected.case._cleanups = []

            def work(collected):
                try:
                    barrier.wait()
                    collected.case.run(collected)
                except BaseException as error:
                    # What unittest lets through, as it does KeyboardInterrupt, would end the thread alone.
                    collected.calls.append(("addError", (type(error), error, error.__traceback__)))

            threads = [threading.Thread(target=work, args=(collected,), daemon=True) for collected in results]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            for collected in results:
                # A thread that tells nothing has not run the case.
                silent = RuntimeError("one of the threads told no outcome")
                for name, *arguments in collected.calls or [("addError", (RuntimeError, silent, None))]:
                    getattr(result, name)(self, *arguments)
            result.stopTest(self)

    def replaced(test):
        if isinstance(test, unittest.TestSuite):
            test._tests = [replaced(one) for one in test._tests]
            return test
        method = getattr(test, getattr(test, "_testMethodName", ""), None)
        case = escape(type(test).id(test))
        if case in alone or case.startswith(starts):
            return test
        unsafe = "__unittest_thread_unsafe__"
        if getattr(method, unsafe, False) or getattr(test, unsafe, False) or not hasattr(method, "__self__"):
            return test
        return Parallel(test)

    replaced(suite)


def selector(options):
    """A function that says of a case id whether to run it."""
    skipped = set()
    if "--skip" in options:
        with open(options["--skip"], encoding="utf-8") as file:
            skipped = set(file.read().split("\n"))
    pattern = options.get("--match")
    if pattern is None:
        return lambda case: escape(case) not in skipped
    from fnmatch import fnmatchcase
    return lambda case: escape(case) not in skipped and fnmatchcase(case, "*" + pattern + "*")


def prepare(options):
    """Set up the process as the suite's own driver does."""
    try:
        import signal
        if signal.getsignal(signal.SIGINT) in (signal.SIG_IGN, signal.SIG_DFL):
            signal.signal(signal.SIGINT, signal.default_int_handler)
    except ImportError:
        pass
    if "--stubs" in options:
        sys.path.append(options["--stubs"])
    if "--pretend" in options:
        sys.implementation.name = options["--pretend"]
        for name in ("_testbuffer", "_testcapi", "_testclinic", "_testclinic_limited", "_testinternalcapi",
                     "_testsinglephase", "_ctypes_test", "xxlimited", "xxlimited_35", "xxsubtype"):
            sys.modules[name] = None
    sys.stdout.reconfigure(errors="backslashreplace")
    try:
        from test import support
    except ImportError as error:
        show("test.support", error)
        return
    support.use_resources = []
    support.verbose = 1
    support.record_original_stdout(sys.stdout)
    # A variable with a value outside of ASCII, as the suite's own driver has it.
    os.environ.setdefault("PYTHONREGRTEST_UNICODE_GUARD", "\xe6")


def main(arguments):
    events_path, module = arguments[:2]
    options = dict(zip(arguments[2::2], arguments[3::2], strict=True))
    events = Events(events_path)
    # The folder of this script must not be importable, and no case may see our arguments.
    del sys.path[0]
    sys.argv = [module]
    try:
        import unittest
        prepare(options)
        __import__(module)
        loader = unittest.TestLoader()
        suite = loader.loadTestsFromModule(sys.modules[module])
        if loader.errors:
            print(*loader.errors, sep="\n", flush=True)
            raise ImportError(loader.errors[0].strip().split("\n")[-1])
    except Exception as error:
        if type(error).__name__ in ("SkipTest", "ResourceDenied"):
            events.write("module-skip", module, str(error))
        else:
            show(module, error)
            events.write("module-fail", module, describe(error))
        return
    select(suite, selector(options), unittest.TestSuite)
    if "--parallel-threads" in options:
        alone = []
        if "--alone" in options:
            with open(options["--alone"], encoding="utf-8") as file:
                alone = file.read().split("\n")
        in_parallel(suite, unittest, int(options["--parallel-threads"]), alone)
    suite.run(result_class(unittest, events)())
    events.write("done", module)


if __name__ == "__main__":
    main(sys.argv[1:])
