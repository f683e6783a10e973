#include "service/store.hpp"

#include "service/config/values.hpp"
#include "stores/redis/redis_store.hpp"
#include "stores/sqlite/sqlite_store.hpp"
#include "telemetry/log.hpp"

namespace tollgate {
namespace {

using config::StoreUrl;

bool is_sqlite(const Settings& settings) {
    return settings.store.url.starts_with("sqlite:");
}

SqliteOptions sqlite_options(const Settings& settings) {
    return {.path = settings.store.url.substr(std::string_view("sqlite:").size()),
            .audit_keys = settings.audit.keys,
            .busy_timeout = settings.store.timeout,
            .event_retention = settings.webhook.retention,
            .stall_max = settings.store.timeout};
}

redis::Options redis_options(const StoreUrl& url, const Settings::Store& settings) {
    redis::Options options;
    for (const StoreUrl::Host& host : url.hosts) options.servers.push_back({host.name, host.port});
    switch (url.kind) {
        case StoreUrl::Kind::redis_unix:
            options.servers = {{url.path, 0}};
            break;
        case StoreUrl::Kind::redis_sentinel:
            options.kind = redis::Options::Kind::sentinel;
            break;
        case StoreUrl::Kind::redis_cluster:
            options.kind = redis::Options::Kind::cluster;
            break;
        case StoreUrl::Kind::redis:
        case StoreUrl::Kind::sqlite:
            break;
    }
    options.master = url.master;
    options.tls = url.tls;
    options.user = url.user;
    options.password = url.password;
    options.database = url.database;
    options.timeout = settings.timeout;
    options.replicas = settings.wait_replicas;
    return options;
}

Result<RedisStoreOptions> redis_store_options(const Settings& settings) {
    const auto url = config::parse_store_url(settings.store.url);
    if (!url) return fail(Code::bad_request, "store.url is none of the forms that config/tollgate.toml lists");
    RedisStoreOptions options{.audit_keys = settings.audit.keys};
    options.redis = redis_options(*url, settings.store);
    options.timeout = settings.store.timeout;
    options.event_retention = settings.webhook.retention;
    return options;
}

PaymentError nothing_to_look_at(const std::string& what) {
    return {Code::bad_request,
            "store.url is sqlite::memory:, which ends with its process: there is no " + what + " to look at"};
}

/// Looks with the store's own way of doing it.
template <class Look>
Result<AuditVerdict> look_at_audit(const Settings& settings, Look look) {
    if (is_sqlite(settings)) {
        const SqliteOptions options = sqlite_options(settings);
        if (options.path != ":memory:") return look(options);
        return fail(nothing_to_look_at("audit log"));
    }
    Result<RedisStoreOptions> options = redis_store_options(settings);
    if (!options) return fail(options.error());
    options->redis.replicas = 0;  // what only reads waits for none
    return look(*options);
}

void tell(const redis::LinkChange& change) {
    if (change.up) {
        log::info("connected to the store", {{"server", change.server}});
    } else {
        log::warn("lost the store", {{"server", change.server}, {"why", change.why}});
    }
}

}  // namespace

Result<AuditVerdict> verify_audit(const Settings& settings, const AuditProgress& progress) {
    return look_at_audit(settings, [&](const auto& options) { return verify_audit(options, progress); });
}

Result<AuditVerdict> export_audit(const Settings& settings, std::chrono::sys_days day, const AuditVisitor& visit) {
    return look_at_audit(settings, [&](const auto& options) { return export_audit(options, day, visit); });
}

Result<Store> Store::open(const Settings& settings, const std::vector<const Runtime*>& loops) {
    if (is_sqlite(settings)) return open_sqlite(settings, Use::serve);
    return open_redis(settings, loops, Use::serve);
}

Result<Store> Store::open_to_read(const Settings& settings, const std::vector<const Runtime*>& loops) {
    if (is_sqlite(settings)) return open_sqlite(settings, Use::read);
    return open_redis(settings, loops, Use::read);
}

Result<Store> Store::open_sqlite(const Settings& settings, Use use) {
    const SqliteOptions options = sqlite_options(settings);
    if (use == Use::read && options.path == ":memory:") return fail(nothing_to_look_at("store"));
    auto opened = use == Use::read ? SqliteStore::open_read_only(options) : SqliteStore::open(options);
    if (!opened) return fail(std::move(opened.error()));
    std::shared_ptr<SqliteStore> sqlite = std::move(*opened);
    Store store(sqlite);
    store.counts_ = [&one = *sqlite] { return Counts{one.written().transitions, one.written().commits}; };
    return store;
}

Result<Store> Store::open_redis(const Settings& settings, const std::vector<const Runtime*>& loops, Use use) {
    Result<RedisStoreOptions> options = redis_store_options(settings);
    if (!options) return fail(std::move(options.error()));
    if (use == Use::read) {
        options->redis.replicas = 0;  // what only reads waits for none
    } else {
        options->hook = tell;
    }
    auto opened = RedisStore::open(std::move(*options), loops);
    if (!opened) return fail(std::move(opened.error()));
    if (use == Use::read) opened->warnings.clear();
    for (const std::string& warning : opened->warnings) log::warn("the store may lose charges", {{"why", warning}});
    std::shared_ptr<RedisStore> fleet = std::move(opened->store);
    Store store(fleet);
    store.fleet_ = &fleet->fleet();
    store.counts_ = [&one = *fleet] { return Counts{one.written().transitions, one.written().scripts}; };
    return store;
}

}  // namespace tollgate
