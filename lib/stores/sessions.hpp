#pragma once

#include <optional>
#include <string>

#include "async/runtime.hpp"
#include "core/error.hpp"
#include "core/time.hpp"

/// The seam to who is logged in at the console: kept where all processes of a fleet see it. Each operation is one atomic
/// transition, as in ports.hpp, and may run twice.
namespace tollgate {

struct Session {
    std::string id;     // a digest: from what is kept here nobody can make what the browser sends
    std::string owner;  // opaque here
    WallTime expires_at{};

    friend bool operator==(const Session&, const Session&) = default;
};

class SessionStore {
public:
    /// More are never kept: of the others, the ones that expire first make room.
    static constexpr std::size_t sessions_max = 1'000;

    virtual ~SessionStore() = default;

    /// Keeps a new one, and forgets those that have expired at `now`. One that is known is left as it is. The id of one that
    /// was ended is not to be used again.
    virtual Task<Result<void>> open_session(Session session, WallTime now) = 0;

    /// Nothing when it is not known, was ended, or has expired at `now`.
    virtual Task<Result<std::optional<Session>>> find_session(std::string id, WallTime now) = 0;

    /// Also of one that is not known.
    virtual Task<Result<void>> end_session(std::string id) = 0;
};

}  // namespace tollgate
