#pragma once

#include <map>
#include <optional>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "reconciliation/pair.hpp"
#include "reconciliation/pair_facts.hpp"

/// What is to be said of one reference: at a first look from the day alone, else with what the store and the gateway's
/// neighbouring days know of it.
namespace tollgate::reconciliation {

/// What the first looks at a day came to.
struct FirstLooks {
    std::uint64_t matched = 0;
    Naming naming;
    bool left_over = false;           // something of ours, which the neighbouring days may explain
    std::array<bool, types> loose{};  // some of this type share their money and not their id

    [[nodiscard]] bool asks_neighbours() const noexcept;
};

/// Whether all of these, of one reference and in `order`, are matched beyond doubt. They are counted then; else they are
/// somebody's to judge.
[[nodiscard]] bool first_look(std::span<const Movement> movements, bool lists_disputes, FirstLooks& looks);

struct Rules {
    std::chrono::sys_days day;
    bool lists_disputes = false;
    Naming naming;  // of the whole day
};

/// What our store knows of a reference.
struct Known {
    bool is_charge = false;
    std::vector<LedgerEntry> ledger;  // of all days
};

struct Verdict {
    std::uint64_t matched = 0;
    std::vector<Discrepancy> found;
    std::vector<Movement>
        also_today;  // the gateway's that were listed under another day only, ours that were written meanwhile
};

/// Judges one reference. Takes its movements in `order`; holds as many of the gateway's as there are of ours and a thousand
/// more, and judges those beyond one by one, so that no gateway decides on the memory.
class Judge {
public:
    static constexpr std::size_t held_beyond = 1000;

    /// Adds to `verdict`; that and `rules` outlive it.
    Judge(std::string reference, Known known, const Rules& rules, Verdict& verdict);

    [[nodiscard]] const std::string& reference() const noexcept { return reference_; }
    void add(Movement movement);
    void finish();

private:
    struct Other {  // of our ledger, and not of what was read of this day
        const LedgerEntry* entry;
        Type type;
        bool used = false;
    };
    using Money = std::tuple<Type, std::string_view, std::int64_t>;

    void prepare();
    [[nodiscard]] Other* other_by_id(const Movement& movement) noexcept;
    [[nodiscard]] Other* other_by_money(const Movement& movement) noexcept;
    void add_theirs(Movement movement);
    void add_elsewhere(Movement movement);
    void take_todays();
    void judge(const Pair& pair);
    [[nodiscard]] Kind kind_of_late(const Movement& ours, const Movement& theirs) const noexcept;
    [[nodiscard]] bool is_adoptable(const Movement& theirs) const noexcept;
    void judge_ours(Movements ours);
    void judge_theirs(const Movement& theirs);
    [[nodiscard]] Kind kind_beyond(const Movement& theirs);
    void tell(Kind kind, const Movement* ours, const Movement* theirs);

    std::string reference_;
    Known known_;
    const Rules& rules_;
    Verdict& verdict_;
    Facts booked_;  // by our whole ledger
    Facts listed_;  // by the gateway today: captures
    Facts beyond_;  // by the gateway only: refunds
    std::vector<Movement> ours_;
    std::vector<Movement> theirs_;
    std::vector<Movement> elsewhere_;
    std::vector<Other> others_;                             // by type and id
    std::map<Money, std::vector<Other*>> others_by_money_;  // where the gateway has ids of its own
    std::optional<std::pair<Type, std::string>> last_listed_;
    bool prepared_ = false;
    bool overflowed_ = false;
};

}  // namespace tollgate::reconciliation
