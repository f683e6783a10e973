#pragma once

#include <string>
#include <string_view>

/// Where a store that is spread over several machines keeps what belongs to one tenant. The tenant is the unit of
/// consistency: keys, orders, customers and pages are its own, so all of it lies in one partition.
namespace tollgate {

inline constexpr int partitions = 64;

/// The two characters that every charge id of this tenant has after its "ch_".
[[nodiscard]] std::string place_of(std::string_view tenant);

/// 0 … 63, by the two characters behind "ch_". An id that no charge can have is somewhere, too.
[[nodiscard]] int partition_of_charge(std::string_view charge_id) noexcept;

/// 0 … 63, by the two characters behind the first "_": an event of a charge lies where the charge does.
[[nodiscard]] int partition_of_event(std::string_view event_id) noexcept;

/// That of all charges of the tenant.
[[nodiscard]] int partition_of_tenant(std::string_view tenant);

}  // namespace tollgate
