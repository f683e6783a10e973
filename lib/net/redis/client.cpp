#include "net/redis/client.hpp"

#include <algorithm>

#include "net/redis/cluster.hpp"
#include "net/redis/errors.hpp"
#include "net/redis/link.hpp"
#include "net/redis/retries.hpp"
#include "net/redis/sentinel.hpp"
#include "net/tls/client_tls.hpp"

namespace tollgate::redis {
namespace {

constexpr int loads_max = 3;  // of a script that is flushed again and again

/// One server, whichever it is at the moment: the one of the URL, or the master the sentinels name.
class SingleClient final : public Client {
public:
    SingleClient(const Runtime& runtime, LinkOptions options) : runtime_(runtime), link_(runtime, std::move(options)) {}

    Task<Answer> call(Command command, std::uint16_t, SteadyTime deadline, Repeat repeat) override {
        return ask(std::move(command), nullptr, deadline, repeat);
    }

    Task<Result<std::vector<std::uint16_t>>> a_slot_of_each_master(SteadyTime deadline) override {
        if (!co_await link_.wait_until_up(deadline)) co_return fail(Code::store_unavailable, link_.trouble().why);
        co_return std::vector<std::uint16_t>{0};
    }

protected:
    Task<Answer> call_script(Command command, const Script& script, std::uint16_t, SteadyTime deadline) override {
        return ask(std::move(command), &script, deadline, Repeat::safe);
    }

private:
    Task<Answer> ask(Command command, const Script* script, SteadyTime deadline, Repeat repeat) {
        Retries retries(runtime_, deadline, repeat);
        int loads = 0;
        while (true) {
            Answer answer = co_await link_.send(command.wire(), deadline);
            if (answer && !answer->is_error()) co_return answer;
            const ErrorKind kind = answer ? kind_of(answer->text()) : ErrorKind::other;
            if (kind == ErrorKind::unknown_script && script != nullptr && ++loads <= loads_max) {
                const Command load = script->load();
                const Answer loaded = co_await link_.send(load.wire(), deadline);
                if (loaded && !loaded->is_error()) continue;
            }
            if (kind == ErrorKind::demoted) link_.renew("it is a replica now");
            if (!co_await retries.again(answer)) co_return std::unexpected(retries.failure());
        }
    }

    const Runtime& runtime_;
    Link link_;
};

}  // namespace

std::string to_string(const Address& address) {
    if (address.port == 0) return address.host;
    const bool v6 = address.host.find(':') != std::string::npos;
    return (v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

Result<LinkOptions> link_options(const Options& options, std::function<void(const LinkChange&)> hook) {
    LinkOptions link{options, {}, false, {}, std::move(hook)};
    if (!options.tls) return link;
    auto tls = make_client_tls(options.trusted_ca_file);
    if (!tls) return fail(std::move(tls.error()));
    link.tls = std::move(*tls);
    return link;
}

Result<std::unique_ptr<Client>> Client::make(const Runtime& runtime, Options options,
                                             std::function<void(const LinkChange&)> hook) {
    if (options.servers.empty()) return fail(Code::bad_request, "no Redis server is named");
    if (options.kind == Options::Kind::cluster) return make_cluster_client(runtime, std::move(options), std::move(hook));
    auto link = link_options(options, std::move(hook));
    if (!link) return fail(std::move(link.error()));
    if (options.kind == Options::Kind::sentinel) {
        link->where = ask_sentinels(runtime, options);
        link->master_only = true;
    } else {
        link->where = [server = options.servers.front()](SteadyTime) -> Task<Result<Address>> { co_return server; };
    }
    return std::make_unique<SingleClient>(runtime, std::move(*link));
}

Task<Answer> Client::run(const Script& script, std::vector<std::string_view> keys, std::vector<std::string_view> arguments,
                         SteadyTime deadline) {
    const std::uint16_t slot = keys.empty() ? std::uint16_t{0} : slot_of(keys.front());
    return call_script(script.call(keys, arguments), script, slot, deadline);
}

}  // namespace tollgate::redis
