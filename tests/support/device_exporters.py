"""Arrays in the memory of a device that speak the protocols of other libraries, and nothing else."""

import ctypes

import numpy as np

_CUDA = 2
_CODES = {"i": 0, "u": 1, "f": 2, "b": 6}


class InterfaceArray:
    """A copy of a NumPy array in a device's memory, with its strides, by ``__cuda_array_interface__``.

    Parameters
    ----------
    driver : Interpreter
        Whose memory it is in.
    values : ndarray
        Of any strides that are not negative.
    stream : int or None
        Whose work it says makes it.
    version : int
        Of the protocol; 2 has no stream.
    **changes
        Entries of the interface that are to be others.
    """

    def __init__(self, driver, values, stream=None, version=3, **changes):
        self.memory = DeviceCopy(driver, values)
        self.shape = values.shape
        self._interface = {
            "shape": values.shape,
            "strides": None if values.flags.c_contiguous else values.strides,
            "typestr": values.dtype.str,
            "data": (self.memory.address if values.size else 0, True),
            "version": version,
        }
        if version == 3:
            self._interface["stream"] = stream
        self._interface |= changes

    @property
    def __cuda_array_interface__(self):
        return self._interface


class DeviceCopy:
    """Bytes of an array, from its first value to its last, in a device's memory until this is gone."""

    def __init__(self, driver, values):
        n_bytes = values.itemsize + sum(
            (n - 1) * abs(s) for n, s in zip(values.shape, values.strides, strict=True)
        )
        self._driver = driver
        self.n_bytes = max(n_bytes, 1) if values.size else 1
        self.address = driver.memory.allocate(self.n_bytes)
        if values.size:
            span = np.lib.stride_tricks.as_strided(values.view(), (1,), (values.itemsize,))
            raw = ctypes.string_at(span.ctypes.data, n_bytes)
            driver.memory.write(self.address, raw)

    def __del__(self):
        self._driver.memory.free(self.address)


class _Device(ctypes.Structure):
    _fields_ = (("kind", ctypes.c_int32), ("number", ctypes.c_int32))


class _DataType(ctypes.Structure):
    _fields_ = (("code", ctypes.c_uint8), ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16))


class _Tensor(ctypes.Structure):
    _fields_ = (
        ("data", ctypes.c_void_p),
        ("device", _Device),
        ("ndim", ctypes.c_int32),
        ("dtype", _DataType),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    )


class _Managed(ctypes.Structure):
    pass


_DELETER = ctypes.CFUNCTYPE(None, ctypes.POINTER(_Managed))
_Managed._fields_ = (("tensor", _Tensor), ("context", ctypes.c_void_p), ("deleter", _DELETER))
_api = ctypes.pythonapi
_api.PyCapsule_New.restype = ctypes.py_object
_api.PyCapsule_New.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
_api.PyCapsule_GetPointer.restype = ctypes.c_void_p
_api.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]


class DlpackArray:
    """The same by DLPack.

    Attributes
    ----------
    asked : list
        Streams that capsules were asked for.
    n_deleted : int
        Tensors that were let go.
    """

    def __init__(self, driver, values, *, kind=_CUDA, offset=0, lanes=1):
        self.memory = DeviceCopy(driver, values)
        self.asked, self.n_deleted, self._kind = [], 0, kind
        dims = ctypes.c_int64 * values.ndim
        self._shape = dims(*values.shape)
        strides = dims(*(s // values.itemsize for s in values.strides))
        self._strides = None if values.flags.c_contiguous else strides
        self._managed = _Managed()
        self._managed.deleter = _DELETER(self._delete)
        dtype = _DataType(_CODES[values.dtype.kind], 8 * values.itemsize, lanes)
        self._managed.tensor = _Tensor(
            self.memory.address - offset,
            _Device(kind, 0),
            values.ndim,
            dtype,
            self._shape,
            self._strides,
            offset,
        )

    def _delete(self, _):
        self.n_deleted += 1

    def __dlpack_device__(self):
        return self._kind, 0

    def __dlpack__(self, *, stream=None):
        self.asked.append(stream)
        return _api.PyCapsule_New(ctypes.byref(self._managed), b"dltensor", None)


def contents_of(driver, capsule):
    """What a capsule holds, copied to the host; it is used up and let go."""
    managed = _Managed.from_address(_api.PyCapsule_GetPointer(capsule, b"dltensor"))
    tensor = managed.tensor
    shape = tuple(tensor.shape[d] for d in range(tensor.ndim))
    kinds = {code: kind for kind, code in _CODES.items()}
    name = f"{kinds[tensor.dtype.code]}{tensor.dtype.bits // 8}"
    dtype = np.dtype("?" if name == "b1" else name)
    n_bytes = int(np.prod(shape)) * dtype.itemsize
    found = driver.memory.read(tensor.data, n_bytes).view(dtype).reshape(shape).copy()
    assert (tensor.device.kind, tensor.byte_offset, tensor.dtype.lanes) == (_CUDA, 0, 1)
    managed.deleter(ctypes.byref(managed))
    _api.PyCapsule_SetName(ctypes.py_object(capsule), b"used_dltensor")
    return found
