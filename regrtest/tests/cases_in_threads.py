"""Cases for the test of the runner: what becomes of each when it runs in several threads at once."""

import itertools
import unittest


class Case(unittest.TestCase):
    count = itertools.count()

    def test_passes(self):
        pass

    def test_fails_in_one(self):
        if next(self.count) == 0:
            self.fail("one")

    def test_interrupted(self):
        raise KeyboardInterrupt("not caught by unittest")

    def test_exits(self):
        raise SystemExit(3)

    def test_subtest_fails(self):
        with self.subTest(1):
            self.fail("inner")

    def test_subtest_skips(self):
        with self.subTest(1):
            self.skipTest("inner")

    def test_skips(self):
        self.skipTest("whole")

    @unittest.expectedFailure
    def test_fails_as_expected(self):
        self.fail("expected")

    @unittest.expectedFailure
    def test_passes_unexpectedly(self):
        pass

    def test_marked(self):
        # It runs once, as its mark asks: it cannot run beside itself.
        self.assertEqual(next(self.alone), 0)

    def test_named(self):
        # So does this one: the list of such cases names it.
        self.assertEqual(next(self.alone_too), 0)

    alone = itertools.count()
    alone_too = itertools.count()
    test_marked.__unittest_thread_unsafe__ = True


class CaseWithFixtures(unittest.TestCase):
    made = None

    @classmethod
    def setUpClass(cls):
        cls.made = []

    def setUp(self):
        self.name = []
        self.addCleanup(self.name.append, "cleaned up")

    def test_class(self):
        self.assertEqual(self.made, [])

    def test_own_cleanup(self):
        self.doCleanups()
        self.assertEqual(self.name, ["cleaned up"])
