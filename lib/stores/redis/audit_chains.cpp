#include "stores/redis/audit_chains.hpp"

#include <algorithm>
#include <vector>

#include "stores/redis/keys.hpp"
#include "stores/redis/rows.hpp"

namespace tollgate::redis {
namespace {

constexpr std::int64_t number_max = std::int64_t{1} << 53;  // beyond any that the scripts can compare

}  // namespace

std::string Chain::full_name() const {
    return (partition < 10 ? "p0" : "p") + std::to_string(partition) + ":" + name;
}

Task<Result<std::map<std::string, Chain>>> AuditChains::of(int partition) {
    const std::string list = Keys(partition).chains();
    std::map<std::string, Chain> chains;
    std::string cursor = "0";
    do {
        const Result<Reply> some = co_await ask({"HSCAN", list, cursor, "COUNT", "500"}, partition);
        if (!some) co_return fail(some.error());
        const ReplyView entries = (*some)[1];
        for (std::size_t i = 0; i + 1 < entries.size(); i += 2) {
            const std::string_view day_and_chain = entries[i].text();
            const std::size_t colon = std::min(day_and_chain.find(':'), day_and_chain.size());
            const std::string name(day_and_chain.substr(std::min(colon + 1, day_and_chain.size())));
            Chain& chain = chains[name];
            chain.partition = partition;
            chain.name = name;
            chain.days[std::string(day_and_chain.substr(0, colon))] =
                std::clamp<std::int64_t>(entries[i + 1].integer(), 0, number_max);
        }
        cursor = (*some)[0].text();
    } while (!cursor.empty() && cursor != "0");
    co_return chains;
}

Task<Result<std::int64_t>> AuditChains::count(const Chain& chain, std::string day) {
    const Result<Reply> count = co_await ask({"HLEN", Keys(chain.partition).chain(day + ":" + chain.name)}, chain.partition);
    if (!count) co_return fail(count.error());
    co_return count->integer();
}

Task<Result<std::int64_t>> AuditChains::last(const Chain& chain, std::string day) {
    const Result<Reply> last = co_await ask({"HGET", Keys(chain.partition).chains(), day + ":" + chain.name}, chain.partition);
    if (!last) co_return fail(last.error());
    co_return std::clamp<std::int64_t>(last->integer(), 0, number_max);
}

Task<Result<void>> AuditChains::read(const Chain& chain, std::string day, std::int64_t first, std::int64_t last,
                                     Records& records) {
    std::vector<std::int64_t> wanted;
    for (std::int64_t i = first; i <= last; ++i) {
        if (!records.contains(i)) wanted.push_back(i);
    }
    if (wanted.empty()) co_return Result<void>();
    const std::string key = Keys(chain.partition).chain(day + ":" + chain.name);
    std::vector<std::string> numbers;
    for (const std::int64_t number : wanted) numbers.push_back(std::to_string(number));
    std::vector<std::string_view> words{"HMGET", key};
    words.insert(words.end(), numbers.begin(), numbers.end());
    const Result<Reply> found = co_await ask(Command(words), chain.partition);
    if (!found) co_return fail(found.error());
    for (std::size_t i = 0; i < found->size(); ++i) {
        if (!(*found)[i].is_nil()) records.emplace(wanted.at(i), (*found)[i].text());
    }
    co_return Result<void>();
}

Task<Result<Reply>> AuditChains::ask(Command command, int partition) {
    Answer answer = co_await client_.call(std::move(command), slot_of(Keys(partition).due()),
                                          runtime_.clock.steady() + timeout_, Repeat::safe);
    if (answer) co_return std::move(*answer);
    const Failure& why = answer.error();
    if (why.execution == Execution::refused && !why.settings_at_fault) co_return Reply();  // another kind of value
    co_return fail(Code::store_unavailable, "the audit log could not be read: " + why.why);
}

std::optional<KeptAudit> kept_audit_from(std::string_view bytes) {
    const std::optional<AuditHash> hash = audit_hash_from(bytes.substr(0, sizeof(AuditHash)));
    if (!hash) return std::nullopt;
    std::optional<AuditRecord> record = decode_audit_record(bytes.substr(hash->size()));
    if (!record) return std::nullopt;
    return KeptAudit{*hash, std::move(*record)};
}

}  // namespace tollgate::redis
