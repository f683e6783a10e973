#pragma once

#include <openssl/crypto.h>

#include <memory>
#include <string>

namespace tollgate::http {

/// Memory that is overwritten before it is given back.
template <class T>
struct WipingAllocator {
    using value_type = T;

    WipingAllocator() = default;
    template <class Other>
    WipingAllocator(const WipingAllocator<Other>&) noexcept {}

    T* allocate(std::size_t count) { return std::allocator<T>().allocate(count); }
    void deallocate(T* memory, std::size_t count) noexcept {
        OPENSSL_cleanse(memory, count * sizeof(T));
        std::allocator<T>().deallocate(memory, count);
    }
    friend bool operator==(const WipingAllocator&, const WipingAllocator&) = default;
};

/// Bytes as they came in. They leave no copy behind when they grow; `clear` alone wipes nothing.
using Bytes = std::basic_string<char, std::char_traits<char>, WipingAllocator<char>>;

}  // namespace tollgate::http
