#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "support/client.hpp"
#include "support/scripted_server.hpp"

namespace tollgate::test {

struct Asked {
    std::string wire;  // head and body
    bool looks_up = false;
    std::string path;
};

inline Reply saying(int status, std::string body = "{}") {
    return {.status = status, .headers = {}, .body = std::move(body)};
}

/// Stands where the gateway should: passes on what the test lets through to the real one, and answers what the test says;
/// without an answer the connection is cut.
class LyingGateway {
public:
    using Pass = std::function<std::optional<Reply>()>;
    using Say = std::function<std::optional<Reply>(const Asked& asked, const Pass& pass)>;

    LyingGateway(unsigned short real, Say say)
        : server_([real, say = std::move(say)](Peer& peer) {
              for (std::string wire; !(wire = peer.read_request()).empty();) {
                  const std::size_t path = wire.find(' ') + 1;
                  const Asked asked{wire, wire.starts_with("GET"), wire.substr(path, wire.find(' ', path) - path)};
                  const auto answer = say(asked, [&]() -> std::optional<Reply> {
                      const Connection outside(real);
                      if (!outside.open() || !outside.send(wire)) return std::nullopt;
                      return outside.read();
                  });
                  if (!answer) return;
                  peer.answer(answer->status, answer->body);
              }
          }) {}

    [[nodiscard]] std::string url() const { return server_.url(); }

private:
    ScriptedServer server_;
};

}  // namespace tollgate::test
