#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconciliation/discrepancy.hpp"

/// What belongs together of both sides' movements under one reference, by these alone.
namespace tollgate::reconciliation {

/// The movements that are compared. In this order captures are known before what is taken back of them.
enum class Type : std::uint8_t { capture, dispute, refund };
inline constexpr std::size_t types = 3;

[[nodiscard]] std::optional<Type> type_from(std::string_view name) noexcept;
[[nodiscard]] std::string_view name(Type type) noexcept;

enum class Side : std::uint8_t {
    ours,       // of the day that is compared
    theirs,     // the gateway's, listed under that day and dated so
    elsewhere,  // the gateway's, of another day, or listed under another one
};

struct Movement {
    std::string reference;  // the charge; of an unnamed one what its id was found to belong to, or empty
    Side side = Side::ours;
    Type type = Type::capture;
    bool unnamed = false;  // the gateway named no reference
    Entry entry;           // of ours without status

    friend bool operator==(const Movement&, const Movement&) = default;
};

/// Whether the gateway's word is that money moved.
[[nodiscard]] bool moved(const Entry& entry) noexcept;

/// The one order in which movements are looked at: by reference, side, type and id; of the same id what moved comes first.
[[nodiscard]] std::strong_ordering order(const Movement& a, const Movement& b) noexcept;

/// Some of somebody's movements; what they point at outlives it.
using Movements = std::vector<const Movement*>;

struct Pair {
    enum class By : std::uint8_t { id, money, type };
    const Movement* ours = nullptr;
    const Movement* theirs = nullptr;
    By by = By::id;
};

/// How a gateway names what it does: by the ids it gave to us, or by others. Nobody says so; it shows in the pairs of a day, of
/// one type or, where that has none, of all of them.
struct Naming {
    std::array<std::uint64_t, types> by_id{};
    std::array<std::uint64_t, types> otherwise{};

    void note(const Pair& pair) noexcept;
    /// It does not show when neither.
    [[nodiscard]] bool own_ids(Type type) const noexcept { return evidence(type) < 0; }
    [[nodiscard]] bool our_ids(Type type) const noexcept { return evidence(type) > 0; }

private:
    [[nodiscard]] std::int64_t evidence(Type type) const noexcept;
};

/// The pairs, and what is left over of each side. The result does not depend on the order of what goes in.
class Pairing {
public:
    Pairing(Movements ours, Movements theirs);

    /// By type and id, theirs that moved before others. What is listed under an id once more goes to `again`, if it moved.
    void by_id();
    /// Of what is left: by type, currency and amount, theirs that moved before others; then what moved, one each, by type.
    /// Where the gateway uses our ids it knows what it names otherwise apart: then a movement of ours is not taken for one that
    /// did not happen, nor for any other refund or dispute of its charge.
    void by_money_and_type(const Naming& naming);

    std::vector<Pair> pairs;
    Movements ours;
    Movements theirs;
    Movements again;
};

}  // namespace tollgate::reconciliation
