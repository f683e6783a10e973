#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "async/runtime.hpp"
#include "core/error.hpp"
#include "service/http/listener.hpp"

/// What a program that serves has around its work: its loops, the address it listens on, and its last words.
namespace tollgate {

/// One event loop: its clock, timers and chance.
struct Loop {
    SystemClock clock;  // what is dropped with the loop still reads it
    SystemRandom random;
    asio::io_context io{1};
    AsioTimers timers{io.get_executor()};
    Runtime runtime{io.get_executor(), clock, random, timers};
};

[[nodiscard]] std::vector<std::unique_ptr<Loop>> make_loops(std::size_t count);

/// Runs every loop on a thread of its own, the first on this one, until they are stopped.
void run_loops(std::vector<std::unique_ptr<Loop>>& loops);

/// Keeps what the memory holds inside: no core dump, neither to a file nor to a handler of core_pattern, which no limit stops,
/// nobody of the same user may attach or read /proc/PID/mem, and no program that is started gains rights. And a lost connection
/// does not end the process. The kernel may refuse some of it, in a sandbox of its own; that keeps nobody from charging.
void harden_process();

/// One acceptor a loop, all on the same address.
[[nodiscard]] Result<std::vector<http::Acceptor>> open_listeners(std::vector<std::unique_ptr<Loop>>& loops,
                                                                 const std::string& address);

/// "listening on ADDRESS" on standard error, in one write, so that no log line of another thread gets in between: outside
/// programs wait for it.
void announce(const http::Endpoint& address);

/// A sentence as `say` says it: redacted.
[[nodiscard]] std::string in_last_words(std::string_view sentence);

/// A sentence on standard error, redacted; returns `code`, with which the process is to end.
int say(std::string_view sentence, int code = 1);

}  // namespace tollgate
