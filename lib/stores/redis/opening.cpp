#include "stores/redis/opening.hpp"

#include <algorithm>

#include "stores/redis/rows.hpp"
#include "stores/redis/run_alone.hpp"

namespace tollgate::redis {
namespace {

constexpr std::int64_t oldest_major = 7;
constexpr Milliseconds between_looks{100};

/// A field of INFO.
std::string_view field(std::string_view info, std::string_view name) {
    for (std::size_t at = 0; at < info.size();) {
        const std::size_t end = std::min(info.find("\r\n", at), info.size());
        const std::string_view line = info.substr(at, end - at);
        if (line.size() > name.size() && line.starts_with(name) && line[name.size()] == ':')
            return line.substr(name.size() + 1);
        at = end + 2;
    }
    return {};
}

PaymentError unusable(const std::string& why) {
    return {Code::store_unavailable, "cannot use the store of store.url: " + why};
}

bool is_loading(const std::string& why) {
    return why.find("LOADING") != std::string::npos;
}

/// A name that no other start has: this is what it must be, not what an attacker could not guess.
std::string draw_name(Random& random) {
    static constexpr std::string_view alphabet = "abcdefghijklmnopqrstuvwxyz234567";
    std::string name;
    for (int i = 0; i < 12; ++i) name.push_back(alphabet[random.below(alphabet.size())]);
    return name;
}

class Look {
public:
    Look(const Runtime& runtime, Client& client, const RedisStoreOptions& options)
        : runtime_(runtime), client_(client), options_(options) {}

    Task<Result<Looked>> run() {
        const SteadyTime patience = runtime_.clock.steady() + options_.loading_max;
        Result<std::vector<std::uint16_t>> masters = co_await reach(patience);
        if (!masters) co_return fail(std::move(masters.error()));
        Looked looked{.instance = draw_name(runtime_.random), .warnings = {}};
        for (const std::uint16_t slot : *masters) {
            Result<void> fine = co_await look_at(slot, patience, looked.warnings);
            if (!fine) co_return fail(std::move(fine.error()));
        }
        co_return looked;
    }

private:
    [[nodiscard]] SteadyTime soon() const { return runtime_.clock.steady() + options_.timeout; }

    Task<Answer> ask(Command command, std::uint16_t slot) {
        co_return co_await client_.call(std::move(command), slot, soon(), Repeat::safe);
    }

    /// What a server tells of itself. One that reads its data after a start is waited for.
    Task<Answer> info_of(std::uint16_t slot, SteadyTime patience) {
        while (true) {
            Answer info = co_await ask({"INFO"}, slot);
            const bool loading = info ? field(info->text(), "loading") == "1" : is_loading(info.error().why);
            if (!loading || runtime_.clock.steady() >= patience) co_return info;
            co_await sleep_for(runtime_, between_looks);
        }
    }

    Task<Result<std::vector<std::uint16_t>>> reach(SteadyTime patience) {
        while (true) {
            // Long enough for an attempt to connect to fail and to say why.
            Result<std::vector<std::uint16_t>> masters = co_await client_.a_slot_of_each_master(soon() + options_.timeout);
            if (masters) co_return masters;
            const bool wait = is_loading(masters.error().detail) && runtime_.clock.steady() < patience;
            if (!wait) co_return fail(unusable(masters.error().detail));
            co_await sleep_for(runtime_, between_looks);
        }
    }

    Task<Result<void>> look_at(std::uint16_t slot, SteadyTime patience, std::vector<std::string>& warnings) {
        const Answer info = co_await info_of(slot, patience);
        if (!info) co_return fail(unusable(info.error().why));
        const std::string_view text = info->text();
        const std::string_view version = field(text, "redis_version");
        if (number_of(version.substr(0, version.find('.'))) < oldest_major) {
            co_return fail(unusable("it is Redis " + std::string(version) + "; 7.0 or newer is needed, for its scripts"));
        }
        if (field(text, "role") != "master") {
            co_return fail(
                unusable("it is a replica, which takes no writes; name its master, or the sentinels (redis+sentinel://…)"));
        }
        const bool cluster = field(text, "cluster_enabled") == "1";
        if (cluster && options_.redis.kind != Options::Kind::cluster) {
            co_return fail(unusable("it is a node of a cluster; name it with redis+cluster://…"));
        }
        const Result<void> writable = co_await try_to_write(slot);
        if (!writable) co_return fail(writable.error());

        const Answer settings = co_await ask({"CONFIG", "GET", "appendonly", "appendfsync", "no-appendfsync-on-rewrite",
                                              "maxmemory", "maxmemory-policy", "save", "min-replicas-to-write"},
                                             slot);
        const std::string server = "port " + std::string(field(text, "tcp_port"));
        const int replicas = static_cast<int>(number_of(field(text, "connected_slaves")));
        const ReplyView reply = settings ? ReplyView(*settings) : ReplyView(nullptr);
        std::ranges::move(durability_warnings(server, reply, replicas, options_.redis.replicas), std::back_inserter(warnings));
        co_return Result<void>();
    }

    /// A user without the right to run scripts is found now, and not by the first charge.
    Task<Result<void>> try_to_write(std::uint16_t slot) {
        const Answer script = co_await ask({"EVAL", "#!lua\nreturn 1", "0"}, slot);
        if (script) co_return Result<void>();
        const Failure& why = script.error();
        const bool rights = why.settings_at_fault || why.execution == Execution::refused;
        if (rights) co_return fail(unusable(why.why + "; give its user +@all ~tg:*"));
        if (why.execution == Execution::unknown) co_return fail(unusable(why.why));
        co_return Result<void>();  // full or without its replicas for now: that is for the health check to tell
    }

    const Runtime& runtime_;
    Client& client_;
    const RedisStoreOptions& options_;
};

}  // namespace

Result<Looked> look_at_servers(const RedisStoreOptions& options) {
    Result<Result<Looked>> looked =
        run_alone<Result<Looked>>(options.redis, [&](const Runtime& runtime, Client& client) -> Task<Result<Looked>> {
            Look look(runtime, client, options);
            co_return co_await look.run();
        });
    if (!looked) return fail(unusable(looked.error().detail));
    return std::move(*looked);
}

}  // namespace tollgate::redis
