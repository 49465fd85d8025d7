//! The texts of `--help` and its kin.

/// The line of usage.
pub fn usage(executable: &str) -> String {
    format!("usage: {executable} [option] ... [-c cmd | -m mod | file | -] [arg] ...\n")
}

/// `--help`
pub fn options(executable: &str) -> String {
    let mut text = usage(executable);
    text.push_str(OPTIONS);
    text
}

/// `--help-env`
pub fn environment() -> String {
    ENVIRONMENT.to_owned()
}

/// `--help-xoptions`
pub fn xoptions() -> String {
    XOPTIONS.to_owned()
}

/// `--help-all`
pub fn all(executable: &str) -> String {
    format!("{}\n{ENVIRONMENT}\n{XOPTIONS}", options(executable))
}

const OPTIONS: &str = "\
Options (a variable of the environment that does the same stands in brackets):
-b     : warn when bytes are turned into str or compared with str or int; -bb: raise
-B     : write no .pyc files [PYTHONDONTWRITEBYTECODE]
-c cmd : run this text as the program; ends the options
-d     : accepted and shown in sys.flags; the parser has no debug output [PYTHONDEBUG]
-E     : ignore the variables PYTHON* of the environment
-h     : print this text (also -? or --help)
-i     : go on interactively after the program; prompt even if stdin is no terminal [PYTHONINSPECT]
-I     : isolated from the user's environment and folders: -E, -P and -s
-m mod : run a module of the library or of sys.path as the program; ends the options
-O     : without assert statements and `if __debug__` [PYTHONOPTIMIZE]
-OO    : the same, and without docstrings
-P     : do not put the program's folder in front of sys.path [PYTHONSAFEPATH]
-q     : no greeting at the interactive prompt
-R     : hash strings with a random key, as is the default, even if PYTHONHASHSEED is set
-s     : without the user's site-packages [PYTHONNOUSERSITE]
-S     : without `import site` at the start
-u     : no buffers in stdout and stderr [PYTHONUNBUFFERED]
-v     : tell of each import on stderr; twice: tell more [PYTHONVERBOSE]
-V     : print the version (also --version); twice: more of it
-W arg : control of warnings, action:message:category:module:lineno [PYTHONWARNINGS]
-x     : skip the first line of the program's file
-X opt : an option of the implementation, see --help-xoptions
--check-hash-based-pycs always|default|never:
         whether .pyc files that name a hash of their source are compared with it
--stdlib DIR    : the folder of the standard library, which holds os.py [PROTOPYHOME]
--help-env      : what variables of the environment do
--help-xoptions : what the options of -X do
--help-all      : all of this

Arguments:
file   : a program's file, a folder or a zip archive that has __main__.py
-      : the program comes from stdin (the default; interactive on a terminal)
arg ...: arguments of the program, in sys.argv[1:]
";

const ENVIRONMENT: &str = "\
Variables of the environment:
PROTOPYHOME     : folder of the standard library, instead of the one that the binary carries
PYTHON_BASIC_REPL: the plain interactive prompt, without editing
PYTHONBREAKPOINT: what breakpoint() calls; 0 for nothing
PYTHONCOERCECLOCALE: 0 keeps the locale C as it is
PYTHON_COLORS   : 1 for coloured output, 0 for none
PYTHONHASHSEED  : key of string hashing, an integer in [0,4294967295] or 'random'
PYTHON_HISTORY  : file of the interactive history
PYTHONIOENCODING: encoding[:errors] of stdin, stdout and stderr
PYTHONPATH      : folders and archives in front of sys.path, with ':' between them
PYTHONSTARTUP   : file that is run when the interactive prompt starts
PYTHONUSERBASE  : the user's folder for site-packages (site.USER_BASE)

Variables that do what an option does:
PYTHON_CONTEXT_AWARE_WARNINGS : -X context_aware_warnings
PYTHON_CPU_COUNT              : -X cpu_count
PYTHONDEBUG                   : -d
PYTHONDEVMODE                 : -X dev
PYTHONDONTWRITEBYTECODE       : -B
PYTHONFAULTHANDLER            : -X faulthandler
PYTHONINSPECT                 : -i
PYTHONINTMAXSTRDIGITS         : -X int_max_str_digits
PYTHONNODEBUGRANGES           : -X no_debug_ranges
PYTHONNOUSERSITE              : -s
PYTHONOPTIMIZE                : -O
PYTHONPROFILEIMPORTTIME       : -X importtime
PYTHONPYCACHEPREFIX           : -X pycache_prefix
PYTHONSAFEPATH                : -P
PYTHON_THREAD_INHERIT_CONTEXT : -X thread_inherit_context
PYTHONUNBUFFERED              : -u
PYTHONUTF8                    : -X utf8
PYTHONVERBOSE                 : -v
PYTHONWARNDEFAULTENCODING     : -X warn_default_encoding
PYTHONWARNINGS                : -W
";

const XOPTIONS: &str = "\
Options of -X:
-X context_aware_warnings=[0|1]: keep the filters of warnings in a context variable (default 1)
-X cpu_count=N: what os.cpu_count() answers; 'default' for the truth
-X dev: development mode: more checks and all warnings
-X faulthandler: print Python's stacks when the process dies of a signal
-X importtime[=2]: print how long each import takes; 2: name modules that were there already, too
-X int_max_str_digits=N: limit of digits between int and str; 0 for none
-X no_debug_ranges: no columns in code objects, so no markers in tracebacks
-X pycache_prefix=PATH: keep .pyc files in a tree of their own
-X stdlib=PATH: folder of the standard library
-X thread_inherit_context=[0|1]: new threads copy the context of their starter (default 1)
-X utf8[=0|1]: UTF-8 mode
-X warn_default_encoding: warn of files opened without an encoding
Any other name is kept in sys._xoptions.
";
