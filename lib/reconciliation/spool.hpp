#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "reconciliation/pair.hpp"

namespace tollgate::reconciliation {

/// What a comparison keeps outside of the memory: a private SQLite database in unnamed temporary files, which small days never
/// touch. Everything blocks. For one thread at a time, but for `interrupt`.
///
/// Fails with `store_unavailable` and a sentence that names the folder and the mend. It is of no use after a failure.
class Spool {
public:
    /// Written in any order, then read in that of `order`.
    enum class Sheet : std::uint8_t {
        day,   // both sides
        open,  // of references that a first look did not settle
    };

    [[nodiscard]] static Result<std::unique_ptr<Spool>> open();
    Spool(const Spool&) = delete;
    Spool& operator=(const Spool&) = delete;
    ~Spool();

    [[nodiscard]] Result<void> add(Sheet sheet, std::span<const Movement> movements);
    /// Adds to `Sheet::open` what is of a reference that is there already.
    [[nodiscard]] Result<void> add_to_open(std::span<const Movement> movements);

    /// The next ones in `order`, at most `most`; none: that was all. The first call sorts. Nothing can be added after it.
    [[nodiscard]] Result<std::vector<Movement>> next(Sheet sheet, std::size_t most);
    /// The same, one at a time into a place that is used again; false: that was all.
    [[nodiscard]] Result<bool> next(Sheet sheet, Movement& movement);

    [[nodiscard]] Result<void> keep(std::span<const Discrepancy> found);
    /// What was kept, in that order, from the one that has this number (the first: 0).
    [[nodiscard]] Result<std::vector<Discrepancy>> kept(std::uint64_t from, std::size_t most);
    /// Writes their actions back.
    [[nodiscard]] Result<void> note_actions(std::uint64_t from, std::span<const Discrepancy> found);

    /// Lets what runs on another thread fail at once.
    void interrupt() noexcept;

private:
    struct Parts;
    explicit Spool(std::unique_ptr<Parts> parts);
    [[nodiscard]] Result<void> judged() const;

    std::unique_ptr<Parts> parts_;
};

}  // namespace tollgate::reconciliation
