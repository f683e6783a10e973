#include "stores/redis/audit_chains.hpp"

namespace tollgate {
namespace redis {
namespace {

class Verifier {
public:
    Verifier(AuditChains chains, const AuditKeys& keys, const AuditProgress& progress)
        : chains_(chains), checker_(keys), progress_(progress) {
        verdict_.chains = 0;
    }

    Task<Result<AuditVerdict>> run() {
        const Result<void> looked = co_await chains_.each([this](const Chain& chain) { return verify(chain); });
        if (!looked) co_return fail(looked.error());
        co_return std::move(verdict_);
    }

private:
    /// False when a record is bad.
    Task<Result<bool>> verify(const Chain& chain) {
        checker_.restart();
        // In this order, since the chain may grow meanwhile: what is there, and then how far it was written.
        std::int64_t there = 0;
        for (const auto& [day, number] : chain.days) {
            const Result<std::int64_t> count = co_await chains_.count(chain, day);
            if (!count) co_return fail(count.error());
            there += *count;
        }
        std::int64_t last = 0;
        for (const auto& [day, number] : chain.days) {
            const Result<std::int64_t> now = co_await chains_.last(chain, day);
            if (!now) co_return fail(now.error());
            last = std::max({last, number, *now});
        }
        std::string day = chain.days.begin()->first;
        while (checker_.seq() < last && !verdict_.bad_seq) {
            const std::int64_t until = std::min(checker_.seq() + AuditChains::records_a_look, last);
            Result<AuditChains::Records> some = co_await gather(chain, day, until);
            if (!some) co_return fail(std::move(some.error()));
            while (checker_.seq() < until && !verdict_.bad_seq) check_next(chain, *some);
            if (progress_) progress_(verdict_.records);
        }
        if (there > last && !verdict_.bad_seq) bad(chain, last + 1, "there are records beyond the one that was last written");
        if (verdict_.bad_seq) co_return false;
        ++verdict_.chains;
        co_return true;
    }

    /// The next records up to this one, whichever day they lie in; most are of the same as the one before. One that is missing
    /// may be on its way, when a connection was lost.
    Task<Result<AuditChains::Records>> gather(const Chain& chain, std::string& day, std::int64_t until) {
        AuditChains::Records some;
        const std::int64_t first = checker_.seq() + 1;
        const auto all = [&] { return std::ssize(some) == until - first + 1; };
        for (int tries = 0; tries < 2 && !all(); ++tries) {
            if (tries > 0) co_await chains_.wait();
            const std::string same = day;
            const Result<void> read = co_await chains_.read(chain, same, first, until, some);
            if (!read) co_return fail(read.error());
            for (auto other = chain.days.begin(); other != chain.days.end() && !all(); ++other) {
                if (other->first == same) continue;
                const std::size_t before = some.size();
                const Result<void> more = co_await chains_.read(chain, other->first, first, until, some);
                if (!more) co_return fail(more.error());
                if (some.size() > before) day = other->first;
            }
        }
        co_return some;
    }

    void check_next(const Chain& chain, const AuditChains::Records& some) {
        const std::int64_t seq = checker_.seq() + 1;
        const auto found = some.find(seq);
        if (found == some.end()) return bad(chain, seq, "the record is missing");
        std::optional<KeptAudit> kept = kept_audit_from(found->second);
        if (!kept) return bad(chain, seq, "the record cannot be read");
        std::optional<std::string> why = checker_.next(kept->record, bytes_of(kept->hash));
        if (!why) {
            ++verdict_.records;
            return;
        }
        bad(chain, seq, std::move(*why));
        verdict_.record = std::move(kept->record);
    }

    void bad(const Chain& chain, std::int64_t seq, std::string why) {
        verdict_.bad_seq = seq;
        verdict_.why = std::move(why);
        verdict_.chain = chain.full_name();
    }

    AuditChains chains_;
    AuditChecker checker_;
    const AuditProgress& progress_;
    AuditVerdict verdict_;
};

}  // namespace
}  // namespace redis

Result<AuditVerdict> verify_audit(const RedisStoreOptions& options, const AuditProgress& progress) {
    return redis::look_alone<redis::Verifier>(options, options.audit_keys, progress);
}

}  // namespace tollgate
