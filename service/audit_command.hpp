#pragma once

#include <chrono>
#include <string>

#include "service/config.hpp"

/// What `tollgate audit …` does (contract section 1). Both work beside a running service, which notices nothing. Each returns
/// the exit code: 1 where the log cannot be looked at, said on standard error.
namespace tollgate {

/// Checks the hash chain of the audit log and prints one line: whole (0), or which record is the first bad one, and why (3).
[[nodiscard]] int verify_audit_log(const Settings& settings);

/// Writes the records of that UTC day as JSON lines, in plain ASCII, without checking the chain: to standard output, or to
/// `file`, which appears when it is whole, readable by its owner only. 0 also for a day without any; 3 when a record cannot be
/// read, and then there is no file.
///
/// {"seq":1,"at":"2026-11-22T10:00:00.000Z","who":"shop","what":"charge.create","outcome":"201","origin":"127.0.0.1",
///  "charge_id":"ch_…","request_id":"…","hash":"…"}
///
/// With Redis, whose log is of several chains, "chain" comes after "seq".
[[nodiscard]] int export_audit_log(const Settings& settings, std::chrono::sys_days day, const std::string& file);

}  // namespace tollgate
