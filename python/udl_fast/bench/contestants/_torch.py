"""What contestants in PyTorch share: threads, versions, and which processors multiply bfloat16 numbers."""

from typing import Any

import torch


class OnTorch:
    """Mixin, to stand before the class that says what is computed."""

    def __init__(self, n_threads: int, *arguments: Any) -> None:
        super().__init__(n_threads, *arguments)  # type: ignore[call-arg]
        torch.set_num_threads(n_threads)
        torch.set_grad_enabled(False)

    def versions(self) -> dict[str, str]:
        """What computes."""
        return {"torch": torch.__version__, "capability": torch.backends.cpu.get_cpu_capability()}


def check_bfloat16() -> None:
    """An ImportError, as if PyTorch were missing, where it has no such products."""
    if not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        raise ImportError("PyTorch multiplies no bfloat16 numbers on this processor")
