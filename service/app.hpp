#pragma once

#include <optional>
#include <string>

#include "service/config.hpp"

/// The composition root: the only place that names concrete stores, gateways and layers together. Each of these runs
/// until it is told to stop (SIGTERM, SIGINT) or is done, and returns the process's exit code.
namespace tollgate {

/// Runs the service. The settings have been checked; what only starting can tell (a port in use, a store that cannot be
/// opened) is said in one sentence on standard error with exit code 1.
[[nodiscard]] int serve(Settings settings);

/// Runs the stand-in gateway, inventory and shipping over HTTP on this address (contract section 6).
[[nodiscard]] int run_sandbox(std::string listen);

/// Plays the seven scenarios (contract section 9) against this URL, or against a service and sandbox of its own on free
/// ports. 1 when any failed.
[[nodiscard]] int run_demo(std::optional<std::string> url);

}  // namespace tollgate
