#pragma once

#include <atomic>

namespace tollgate::test {

/// A disk that fails on demand: SQLite's own way to the disk, with these codes answered instead while they are set
/// (SQLITE_OK: none). Registered under `fault_vfs_name` at first use; one for the whole process.
struct FaultyDisk {
    std::atomic<int> write{0};
    std::atomic<int> sync{0};
    std::atomic<int> read{0};
};

inline constexpr const char* fault_vfs_name = "tollgate-faults";

FaultyDisk& faulty_disk();

}  // namespace tollgate::test
