#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace tollgate {

/// 64 bytes, asked all at once: bit n of an answer is about byte n.
class PortableBlock {
public:
    static constexpr std::size_t size = 64;

    explicit PortableBlock(const char* bytes) noexcept { std::memcpy(bytes_.data(), bytes, size); }

    /// Which are one of these.
    template <class... Chars>
    [[nodiscard]] std::uint64_t any(Chars... wanted) const noexcept {
        return each([=](unsigned char byte) { return ((byte == static_cast<unsigned char>(wanted)) || ...); });
    }
    [[nodiscard]] std::uint64_t digits() const noexcept {
        return each([](unsigned char byte) { return byte >= '0' && byte <= '9'; });
    }
    [[nodiscard]] std::uint64_t beyond_ascii() const noexcept { return at_least(0x80); }
    [[nodiscard]] std::uint64_t at_least(unsigned char bound) const noexcept {
        return each([=](unsigned char byte) { return byte >= bound; });
    }
    /// With letters in lower case; some of the other bytes change as well.
    [[nodiscard]] PortableBlock lower() const noexcept {
        PortableBlock block(*this);
        for (unsigned char& byte : block.bytes_) byte |= 0x20;
        return block;
    }

private:
    template <class Question>
    [[nodiscard]] std::uint64_t each(Question question) const noexcept {
        std::uint64_t bits = 0;
        for (std::size_t i = 0; i < size; ++i) bits |= static_cast<std::uint64_t>(question(bytes_[i])) << i;
        return bits;
    }

    std::array<unsigned char, size> bytes_;
};

#if defined(__SSE2__)
/// The same, a quarter an instruction.
class Block {
public:
    static constexpr std::size_t size = 64;

    explicit Block(const char* bytes) noexcept {
        for (std::size_t i = 0; i < parts_.size(); ++i) {
            parts_[i].bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + 16 * i));
        }
    }

    template <class... Chars>
    [[nodiscard]] std::uint64_t any(Chars... wanted) const noexcept {
        return each([=](__m128i part) {
            __m128i found = _mm_setzero_si128();
            ((found = _mm_or_si128(found, _mm_cmpeq_epi8(part, _mm_set1_epi8(static_cast<char>(wanted))))), ...);
            return found;
        });
    }
    [[nodiscard]] std::uint64_t digits() const noexcept {
        return each([](__m128i part) {
            const __m128i value = _mm_sub_epi8(part, _mm_set1_epi8('0'));
            return _mm_cmpeq_epi8(_mm_min_epu8(value, _mm_set1_epi8(9)), value);
        });
    }
    [[nodiscard]] std::uint64_t beyond_ascii() const noexcept {
        return each([](__m128i part) { return part; });
    }
    [[nodiscard]] std::uint64_t at_least(unsigned char bound) const noexcept {
        return each(
            [=](__m128i part) { return _mm_cmpeq_epi8(_mm_max_epu8(part, _mm_set1_epi8(static_cast<char>(bound))), part); });
    }
    [[nodiscard]] Block lower() const noexcept {
        Block block(*this);
        for (Part& part : block.parts_) part.bytes = _mm_or_si128(part.bytes, _mm_set1_epi8(0x20));
        return block;
    }

private:
    struct Part {
        __m128i bytes;
    };

    template <class Question>
    [[nodiscard]] std::uint64_t each(Question question) const noexcept {
        std::uint64_t bits = 0;
        for (std::size_t i = 0; i < parts_.size(); ++i) {
            const int answers = _mm_movemask_epi8(question(parts_[i].bytes));
            bits |= static_cast<std::uint64_t>(static_cast<unsigned>(answers)) << (16 * i);
        }
        return bits;
    }

    std::array<Part, 4> parts_;
};
#else
using Block = PortableBlock;
#endif

}  // namespace tollgate
