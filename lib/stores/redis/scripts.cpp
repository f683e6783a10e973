#include "stores/redis/scripts.hpp"

#include <string_view>

namespace tollgate::scripts {
extern const std::string_view shared, begin, advance, claim, take, audit, sweep, page, survey, census, run_claim, run_write,
    note, session_open, session_end;
extern const std::string_view event_shared, event_accept, event_claim, event_settle, event_replay, event_due, event_sweep;
}  // namespace tollgate::scripts

namespace tollgate::redis {
namespace {

Script with_shared(const char* name, std::string_view text) {
    return {name, std::string(tollgate::scripts::shared) + std::string(text)};
}

Script with_events(const char* name, std::string_view text) {
    return with_shared(name, std::string(tollgate::scripts::event_shared) + std::string(text));
}

}  // namespace

const Scripts& scripts() {
    static const Scripts all{.begin = with_shared("begin", tollgate::scripts::begin),
                             .advance = with_events("advance", tollgate::scripts::advance),
                             .claim = with_shared("claim", tollgate::scripts::claim),
                             .take = with_shared("take", tollgate::scripts::take),
                             .audit = with_shared("audit", tollgate::scripts::audit),
                             .sweep = {"sweep", std::string(tollgate::scripts::sweep)},
                             .page = {"page", std::string(tollgate::scripts::page)},
                             .survey = {"survey", std::string(tollgate::scripts::survey)},
                             .census = {"census", std::string(tollgate::scripts::census)},
                             .run_claim = with_shared("run_claim", tollgate::scripts::run_claim),
                             .run_write = with_shared("run_write", tollgate::scripts::run_write),
                             .note = with_shared("note", tollgate::scripts::note),
                             .session_open = with_shared("session_open", tollgate::scripts::session_open),
                             .session_end = with_shared("session_end", tollgate::scripts::session_end),
                             .event_accept = with_events("event_accept", tollgate::scripts::event_accept),
                             .event_claim = with_events("event_claim", tollgate::scripts::event_claim),
                             .event_settle = with_events("event_settle", tollgate::scripts::event_settle),
                             .event_replay = with_events("event_replay", tollgate::scripts::event_replay),
                             .event_due = {"event_due", std::string(tollgate::scripts::event_due)},
                             .event_sweep = {"event_sweep", std::string(tollgate::scripts::event_sweep)}};
    return all;
}

}  // namespace tollgate::redis
