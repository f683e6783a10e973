#pragma once

#include <string>

#include "core/error.hpp"

namespace tollgate::sqlite {

/// Held for as long as the process serves a store file: the system lets go of it when the process ends, however it ends,
/// so holding it proves that every earlier owner is dead. The file itself stays; it names the holder's pid.
class LockFile {
public:
    /// Fails at once when another process holds it, in a sentence that names its pid.
    [[nodiscard]] static Result<LockFile> take(const std::string& store_path);

    LockFile(LockFile&& other) noexcept;
    LockFile& operator=(LockFile&& other) noexcept;
    ~LockFile();

private:
    explicit LockFile(int descriptor) : descriptor_(descriptor) {}

    int descriptor_;
};

}  // namespace tollgate::sqlite
