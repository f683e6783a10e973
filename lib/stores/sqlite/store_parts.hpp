#pragma once

#include <memory>
#include <optional>

#include "stores/sqlite/lock_file.hpp"
#include "stores/sqlite/readers.hpp"
#include "stores/sqlite/writer.hpp"

namespace tollgate::sqlite {

/// In the order in which they are needed; given back the other way round.
struct StoreParts {
    std::optional<LockFile> lock;
    std::unique_ptr<Writer> writer;    // none: opened for reading
    std::unique_ptr<Readers> readers;  // none: in memory, where the writer's connection is the only one

    template <class T, class Work>
    Task<Result<T>> write(Work work) {
        if (writer) return ask<T>(*writer, std::move(work));
        return refuse_to_write<T>();
    }

    template <class T, class Work>
    Task<Result<T>> read(Work work) {
        if (readers) return ask<T>(*readers, std::move(work));
        return ask<T>(*writer, std::move(work));
    }

private:
    template <class T>
    static Task<Result<T>> refuse_to_write() {
        co_return fail(Code::store_unavailable, "the store was opened for reading only");
    }
};

}  // namespace tollgate::sqlite
