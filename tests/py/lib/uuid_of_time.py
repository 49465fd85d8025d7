"""Identifiers of version 1 come from _uuid, and none comes twice, whatever the number of threads."""

import _sysconfig
import _uuid
import sysconfig
import threading
import uuid

made = []


def make():
    made.extend([_uuid.generate_time_safe() for _ in range(2000)])


threads = [threading.Thread(target=make) for _ in range(4)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(len(made), len({i for i, _ in made}), {len(i) for i, _ in made})
# expect: 8000 8000 {16}
ids = [uuid.UUID(bytes=i) for i, _ in made]
print({(i.version, i.variant == uuid.RFC_4122) for i in ids}, len({i.node for i in ids}))
# expect: {(1, True)} 1
one = uuid.uuid1()
print(one.version, one.is_safe in (uuid.SafeUUID.safe, uuid.SafeUUID.unsafe), one.node == ids[0].node)
# expect: 1 True True

found = _sysconfig.config_vars()
print(sorted(found), all(sysconfig.get_config_var(n) == v for n, v in found.items()))
# expect: ['Py_DEBUG', 'Py_GIL_DISABLED'] True
found.clear()
print(len(_sysconfig.config_vars()))
# expect: 2
try:
    _sysconfig.config_vars(1)
except TypeError:
    print("no arguments")
# expect: no arguments
