#include "stores/redis/audit_chains.hpp"
#include "stores/redis/keys.hpp"

namespace tollgate {
namespace redis {
namespace {

/// So far below the others no record of the same day lies, whatever the clock did.
constexpr int looks_in_vain_max = 1'000;

class Exporter {
public:
    Exporter(AuditChains chains, std::string day, const AuditVisitor& visit)
        : chains_(chains), day_(std::move(day)), visit_(visit) {
        verdict_.chains = 0;
    }

    Task<Result<AuditVerdict>> run() {
        const Result<void> looked = co_await chains_.each([this](const Chain& chain) { return show(chain); });
        if (!looked) co_return fail(looked.error());
        co_return std::move(verdict_);
    }

private:
    /// False when a record is bad. A day's records are nearly always the last so many of its numbers: only a clock that went
    /// back over midnight puts others between them, and then those that lie further back come behind.
    Task<Result<bool>> show(const Chain& chain) {
        if (!chain.days.contains(day_)) co_return true;
        // In this order, since the chain may grow meanwhile.
        const Result<std::int64_t> count = co_await chains_.count(chain, day_);
        if (!count) co_return fail(count.error());
        const Result<std::int64_t> end_of_day = co_await chains_.last(chain, day_);
        if (!end_of_day) co_return fail(end_of_day.error());
        const std::int64_t last = *end_of_day;
        std::int64_t left = *count;
        const std::int64_t first = std::max<std::int64_t>(1, last - left + 1);
        for (std::int64_t at = first; at <= last && !verdict_.bad_seq; at += AuditChains::records_a_look) {
            const Result<void> shown =
                co_await show_some(chain, at, std::min(at + AuditChains::records_a_look - 1, last), left);
            if (!shown) co_return fail(shown.error());
        }
        int in_vain = 0;
        for (std::int64_t end = first - 1; left > 0 && !verdict_.bad_seq; end -= AuditChains::records_a_look) {
            const std::int64_t before = left;
            if (end < 1 || ++in_vain > looks_in_vain_max) {
                bad(chain, last, "there are records of that day that its chain does not lead to");
                break;
            }
            const Result<void> shown =
                co_await show_some(chain, std::max<std::int64_t>(1, end - AuditChains::records_a_look + 1), end, left);
            if (!shown) co_return fail(shown.error());
            if (left < before) in_vain = 0;
        }
        if (verdict_.bad_seq) co_return false;
        ++verdict_.chains;
        co_return true;
    }

    Task<Result<void>> show_some(const Chain& chain, std::int64_t first, std::int64_t last, std::int64_t& left) {
        AuditChains::Records some;
        const Result<void> read = co_await chains_.read(chain, day_, first, last, some);
        if (!read) co_return read;
        left -= std::ssize(some);
        const std::string name = chain.full_name();
        for (const auto& [seq, bytes] : some) {
            const std::optional<KeptAudit> kept = kept_audit_from(bytes);
            if (!kept) {
                bad(chain, seq, "the record cannot be read");
                co_return Result<void>();
            }
            const Result<void> taken = visit_({name, seq, kept->record, kept->hash});
            if (!taken) co_return taken;
            ++verdict_.records;
        }
        co_return Result<void>();
    }

    void bad(const Chain& chain, std::int64_t seq, std::string why) {
        verdict_.bad_seq = seq;
        verdict_.why = std::move(why);
        verdict_.chain = chain.full_name();
    }

    AuditChains chains_;
    const std::string day_;
    const AuditVisitor& visit_;
    AuditVerdict verdict_;
};

}  // namespace
}  // namespace redis

Result<AuditVerdict> export_audit(const RedisStoreOptions& options, std::chrono::sys_days day, const AuditVisitor& visit) {
    return redis::look_alone<redis::Exporter>(options, redis::day_name(day), visit);
}

}  // namespace tollgate
