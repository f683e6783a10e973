#pragma once

#include <iosfwd>
#include <optional>
#include <string>

#include "service/config.hpp"

/// The command line (contract section 1). Exit codes: 0 done, 1 could not, 2 usage or configuration error, said in one
/// plain sentence on standard error; reconcile and audit have a 3 of their own.
namespace tollgate {

[[nodiscard]] int run_program(int argc, const char* const* argv);

/// Prints the effective configuration, or every problem (to `err`), one a line.
[[nodiscard]] int check_config(const std::optional<std::string>& path, const Environment& environment, std::ostream& out,
                               std::ostream& err);

/// Reads one line, the key, and prints its hash.
[[nodiscard]] int hash_key(std::istream& in, std::ostream& out, std::ostream& err);

/// GETs the URL, for at most five seconds: 0 when it answers 200, else 1 with the reason on `err`.
[[nodiscard]] int health(const std::string& url, std::ostream& err);

}  // namespace tollgate
