#pragma once

#include <memory>

#include "service/http/thread_state.hpp"

namespace tollgate::http {

/// Serves one connection until it ends, on the state's thread: requests one after the other, each read whole, checked,
/// handed to its route and answered in order. With `Options::tls` it begins with a handshake.
///
/// A request that cannot be read ends the connection after its answer; so does one refused before its body arrived.
/// Such a connection is closed lingering: we stop sending, go on reading (bounded in time and bytes) so that the client
/// gets to see the answer, then close. A client that leaves does not cancel its handler; the answer is dropped.
void start_session(std::shared_ptr<ThreadState> state, Socket socket);

}  // namespace tollgate::http
