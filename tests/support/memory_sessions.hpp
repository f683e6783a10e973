#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "stores/sessions.hpp"

namespace tollgate::test {

/// What stores/sessions.hpp says, in memory and at once: the model.
class MemorySessions {
public:
    void open(Session session, WallTime now) {
        std::erase_if(sessions_, [now](const auto& one) { return one.second.expires_at <= now; });
        if (sessions_.contains(session.id)) return;
        if (sessions_.size() >= SessionStore::sessions_max) {
            sessions_.erase(std::ranges::min_element(
                sessions_, {}, [](const auto& one) { return std::tuple(one.second.expires_at, one.first); }));
        }
        sessions_.emplace(session.id, session);
    }

    [[nodiscard]] std::optional<Session> find(const std::string& id, WallTime now) const {
        const auto at = sessions_.find(id);
        return at == sessions_.end() || at->second.expires_at <= now ? std::nullopt : std::optional(at->second);
    }

    void end(const std::string& id) { sessions_.erase(id); }

private:
    std::map<std::string, Session> sessions_;
};

}  // namespace tollgate::test
