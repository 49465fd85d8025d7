"""What `sysconfig` knows about the way this interpreter was built.

There is no makefile and no C compiler behind it, so the table holds the keys that programs
and the standard library ask for, with values that are true here: no global lock, no shared
library, no extension modules in C.
"""

import sys as _sys

_version = "%d.%d" % _sys.version_info[:2]
_multiarch = getattr(_sys.implementation, "_multiarch", "")
_soabi = "-".join(filter(None, [_sys.implementation.cache_tag, _multiarch]))
_prefix = _sys.base_prefix
_exec_prefix = _sys.base_exec_prefix
_include = f"{_prefix}/include/python{_version}{_sys.abiflags}"
_stdlib = f"{_prefix}/lib/python{_version}"
_is_64_bit = _sys.maxsize > 2**32
_is_linux = _sys.platform == "linux"

build_time_vars = {
    "ABIFLAGS": _sys.abiflags,
    "ABI_THREAD": "t",
    "AR": "ar",
    "ARFLAGS": "rcs",
    "BINDIR": f"{_exec_prefix}/bin",
    "BINLIBDEST": _stdlib,
    "CC": "cc",
    "CCSHARED": "-fPIC",
    "CFLAGS": "-O3",
    "CONFIG_ARGS": "",
    "CONFINCLUDEDIR": f"{_prefix}/include",
    "CONFINCLUDEPY": _include,
    "CXX": "c++",
    "DESTSHARED": f"{_stdlib}/lib-dynload",
    "EXE": "",
    "EXT_SUFFIX": f".{_soabi}.so",
    "HAVE_BROKEN_SEM_GETVALUE": 0,
    "HAVE_FORK": 1,
    "HAVE_GETENTROPY": 1,
    "HAVE_GETRANDOM": int(_is_linux),
    "HAVE_GETRANDOM_SYSCALL": int(_is_linux),
    "HAVE_PERF_TRAMPOLINE": 0,
    "HAVE_SHM_OPEN": 1,
    "HOST_GNU_TYPE": _multiarch,
    "INCLUDEDIR": f"{_prefix}/include",
    "INCLUDEPY": _include,
    "INSTSONAME": "",
    "LDFLAGS": "",
    "LDLIBRARY": "",
    "LDSHARED": "cc -shared",
    "LDVERSION": _version + _sys.abiflags,
    "LIBDEST": _stdlib,
    "LIBDIR": f"{_exec_prefix}/lib",
    "LIBPL": f"{_stdlib}/config-{_version}",
    "LIBRARY": "",
    "LIBS": "",
    "MACHDEP": _sys.platform,
    "MULTIARCH": _multiarch,
    "OPT": "-O3",
    "PYTHONFRAMEWORK": "",
    "PY_BUILTIN_HASHLIB_HASHES": '"md5,sha1,sha2,sha3,blake2"',
    "PY_CFLAGS": "-O3",
    "PY_CFLAGS_NODIST": "",
    "PY_CORE_LDFLAGS": "",
    "PY_LDFLAGS": "",
    "PY_LDFLAGS_NODIST": "",
    "PY_SSL_DEFAULT_CIPHERS": 1,
    "PY_SUPPORT_TIER": 0,
    "Py_DEBUG": 0,
    "Py_ENABLE_SHARED": 0,
    "Py_GIL_DISABLED": 1,
    "Py_HASH_ALGORITHM": 0,
    "Py_REMOTE_DEBUG": 0,
    "Py_TRACE_REFS": 0,
    "SCRIPTDIR": f"{_prefix}/lib",
    "SHELL": "/bin/sh -e",
    "SHLIB_SUFFIX": ".so",
    "SIZEOF_DOUBLE": 8,
    "SIZEOF_FLOAT": 4,
    "SIZEOF_INT": 4,
    "SIZEOF_LONG": 8 if _is_64_bit else 4,
    "SIZEOF_LONG_LONG": 8,
    "SIZEOF_PID_T": 4,
    "SIZEOF_SHORT": 2,
    "SIZEOF_SIZE_T": 8 if _is_64_bit else 4,
    "SIZEOF_TIME_T": 8,
    "SIZEOF_VOID_P": 8 if _is_64_bit else 4,
    "SIZEOF_WCHAR_T": 4,
    "SO": f".{_soabi}.so",
    "SOABI": _soabi,
    "STATIC_LIBPYTHON": 1,
    "TEST_MODULES": "no",
    "TZPATH": "/usr/share/zoneinfo:/usr/lib/zoneinfo:/usr/share/lib/zoneinfo:/etc/zoneinfo",
    "VERSION": _version,
    "WHEEL_PKG_DIR": "",
    "WITH_DECIMAL_CONTEXTVAR": 1,
    "WITH_DOC_STRINGS": 1,
    "WITH_DTRACE": 0,
    "WITH_PYMALLOC": 0,
    "WITH_VALGRIND": 0,
    "_Py_HAVE_STRERROR_R": 1,
    "datarootdir": f"{_prefix}/share",
    "exec_prefix": _exec_prefix,
    "prefix": _prefix,
}
