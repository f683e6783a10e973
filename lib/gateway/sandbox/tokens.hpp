#pragma once

#include <array>

#include "gateway/tokenizer.hpp"

namespace tollgate::sandbox {

/// Tokens of test cards for as long as the process lives. It keeps no number, and nothing about one: a token follows from a
/// keyed hash of the number, under a key that is drawn here and known to nobody.
///
/// A token asks the world for what the well-known test number it came from stands for, by a word that `faults_of` knows:
///   4000000000000002 declined; …9995 insufficient funds; …0069 expired; 4000002500003155 authentication required;
///   4000000000000127 another verification code (CVV); 4000000000000010 another address (AVS); any other card succeeds.
/// Beyond that word it holds neither a digit nor a vowel, so that no other word and no card number can be in it by chance.
class EphemeralTokenizer final : public Tokenizer {
public:
    EphemeralTokenizer();
    ~EphemeralTokenizer() override;
    EphemeralTokenizer(const EphemeralTokenizer&) = delete;
    EphemeralTokenizer& operator=(const EphemeralTokenizer&) = delete;

    Task<Result<CardToken>> tokenize(std::string_view number) override;

private:
    std::array<char, 32> key_;
};

}  // namespace tollgate::sandbox
