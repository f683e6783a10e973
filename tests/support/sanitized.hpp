#pragma once

namespace tollgate::test {

/// Built with a sanitizer that keeps for a while what was freed, so that nothing can be said of how much memory is used.
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool keeps_freed_memory = true;
#else
inline constexpr bool keeps_freed_memory = false;
#endif

}  // namespace tollgate::test
