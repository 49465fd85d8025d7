# Modules that are frozen for tools that deal with such.
import _imp, importlib.util, sys, types

print(*sorted(n for n in _imp._frozen_module_names() if "hello" in n))
for name in "__hello__", "__hello_alias__", "__hello_only__", "__phello__", "__phello__.ham.eggs":
    spec = importlib.util.find_spec(name)
    print(spec.name, spec.origin, spec.loader_state.origname, spec.submodule_search_locations is not None)
import __phello__.spam

__phello__.spam.main()
print(__phello__.spam.__spec__.loader.__name__, _imp.is_frozen("os.nothing"), _imp.find_frozen("nothing"))
# expect: __hello__ __hello_alias__ __hello_only__ __phello__ __phello__.__init__ __phello__.ham __phello__.ham.__init__ __phello__.ham.eggs __phello__.spam __phello_alias__ __phello_alias__.spam
# expect: __hello__ frozen __hello__ False
# expect: __hello_alias__ frozen __hello__ False
# expect: __hello_only__ frozen None False
# expect: __phello__ frozen __phello__ True
# expect: __phello__.ham.eggs frozen __phello__.ham.eggs False
# expect: Hello world!
# expect: FrozenImporter False None
