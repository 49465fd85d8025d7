# The named tuples of the runtime: fields are member descriptors like those of __slots__.
import os
import sys
import time
import types


def fails(f, *args):
    try:
        f(*args)
    except Exception as e:
        print(f"{type(e).__name__}: {e}")


year, zone = time.struct_time.tm_year, time.struct_time.tm_zone
print(year, zone)  # expect: <member 'tm_year' of 'time.struct_time' objects> <member 'tm_zone' of 'time.struct_time' objects>
print(os.stat_result.st_atime_ns, sys.version_info.__class__.major)  # expect: <member 'st_atime_ns' of 'os.stat_result' objects> <member 'major' of 'sys.version_info' objects>
print(type(year) is types.MemberDescriptorType)  # expect: True
print(year.__name__, year.__qualname__, year.__objclass__)  # expect: tm_year struct_time.tm_year <class 'time.struct_time'>
print(year.__reduce__())  # expect: (<built-in function getattr>, (<class 'time.struct_time'>, 'tm_year'))
now = time.gmtime(0)
print(year.__get__(now), zone.__get__(now) == now.tm_zone)  # expect: 1970 True
print(year.__get__(None, int) is year)  # expect: True
fails(year.__get__, 1)  # expect: TypeError: descriptor 'tm_year' for 'time.struct_time' objects doesn't apply to a 'int' object
fails(zone.__get__, (1, 2))  # expect: TypeError: descriptor 'tm_zone' for 'time.struct_time' objects doesn't apply to a 'tuple' object
fails(year.__set__, now, 1)  # expect: AttributeError: readonly attribute
fails(zone.__delete__, now)  # expect: AttributeError: readonly attribute
fails(year.__set__, 1, 1)  # expect: TypeError: descriptor 'tm_year' for 'time.struct_time' objects doesn't apply to a 'int' object
fails(setattr, now, "tm_zone", "x")  # expect: AttributeError: readonly attribute
fails(type(year))  # expect: TypeError: cannot create 'member_descriptor' instances
