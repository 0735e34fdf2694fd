"""Makes threadpoolctl see and limit the threads of udl_fast, as it does those of BLAS libraries."""

from threadpoolctl import LibController, register


class UdlFastController(LibController):
    """threadpoolctl's door to the thread count of the compiled module.

    It finds the module among the loaded libraries by file name and symbol and calls it by ctypes.
    """

    user_api = "udl_fast"
    internal_api = "udl_fast"
    filename_prefixes = ("_core",)
    check_symbols = ("udl_fast_get_num_threads", "udl_fast_set_num_threads")

    def get_num_threads(self) -> int:
        return int(self.dynlib.udl_fast_get_num_threads())

    def set_num_threads(self, num_threads: int) -> None:
        self.dynlib.udl_fast_set_num_threads(num_threads)

    def get_version(self) -> str:
        # Also asked for modules of other packages named _core, before their symbols are looked at.
        from ._core import __version__

        return __version__

    def set_additional_attributes(self) -> None:
        """Nothing beyond what threadpoolctl reports for every library."""


register(UdlFastController)
