"""What PyTorch's peers measure: the time of steps, and the memory of this process."""

import ctypes
import re
import time

import torch


def use_threads(count):
    """0: as many as PyTorch takes by itself."""
    if count > 0:
        torch.set_num_threads(count)


def time_steps(steps, step):
    """Milliseconds of one of so many steps, by the clock and of all processors."""
    start, processors = time.perf_counter(), time.process_time()
    for _ in range(steps):
        step()
    return {
        "ms": (time.perf_counter() - start) * 1e3 / steps,
        "cpuMs": (time.process_time() - processors) * 1e3 / steps,
    }


def resident_mb(field):
    """Of /proc/self/status, in MB of 10^6 bytes."""
    with open("/proc/self/status") as status:
        return int(re.search(rf"{field}:\s+(\d+) kB", status.read())[1]) * 1024 / 1e6


def start_peak(optimizer):
    """Puts AdamW's moments into memory, gives back what is free and starts the peak anew.

    Returns {"stateMB": weights and moments that are trained, "baselineMB": the resident set}."""
    trained = [each for group in optimizer.param_groups for each in group["params"]]
    for parameter in trained:
        # Filled, or the pages are not there yet.
        optimizer.state[parameter] = {
            "step": torch.tensor(0.0),
            "exp_avg": torch.empty_like(parameter).fill_(0),
            "exp_avg_sq": torch.empty_like(parameter).fill_(0),
        }
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    baseline = resident_mb("VmRSS")
    with open("/proc/self/clear_refs", "w") as peak:
        peak.write("5")
    state = 3 * 4 * sum(parameter.numel() for parameter in trained) / 1e6
    return {"stateMB": state, "baselineMB": baseline}
