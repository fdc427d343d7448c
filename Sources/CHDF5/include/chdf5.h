#ifndef CHDF5_H
#define CHDF5_H

#include <hdf5/serial/hdf5.h>
#include <hdf5/serial/hdf5_hl.h>

// Only what Swift cannot import stands here.

// H5F_ACC_* expand to comma expressions that first check the library's version.
static inline unsigned chdf5_create_and_truncate(void) { return H5F_ACC_TRUNC; }
static inline unsigned chdf5_read_only(void) { return H5F_ACC_RDONLY; }
static inline unsigned chdf5_read_write(void) { return H5F_ACC_RDWR; }

// H5P_* classes are mutable globals behind a comma expression that first opens the library.
static inline hid_t chdf5_file_creation(void) { return H5P_FILE_CREATE; }
static inline hid_t chdf5_file_access(void) { return H5P_FILE_ACCESS; }
static inline hid_t chdf5_group_creation(void) { return H5P_GROUP_CREATE; }
static inline hid_t chdf5_dataset_creation(void) { return H5P_DATASET_CREATE; }

// H5T_* types are globals of the same kind. "Stored" ones are the same bytes on every machine,
// "native" ones are what this machine's memory holds.
static inline hid_t chdf5_stored_float64(void) { return H5T_IEEE_F64LE; }
static inline hid_t chdf5_stored_float32(void) { return H5T_IEEE_F32LE; }
static inline hid_t chdf5_stored_int64(void) { return H5T_STD_I64LE; }
static inline hid_t chdf5_stored_int32(void) { return H5T_STD_I32LE; }
static inline hid_t chdf5_stored_int8(void) { return H5T_STD_I8LE; }
static inline hid_t chdf5_native_float64(void) { return H5T_NATIVE_DOUBLE; }
static inline hid_t chdf5_native_float32(void) { return H5T_NATIVE_FLOAT; }
static inline hid_t chdf5_native_int64(void) { return H5T_NATIVE_INT64; }
static inline hid_t chdf5_native_int32(void) { return H5T_NATIVE_INT32; }
static inline hid_t chdf5_native_int8(void) { return H5T_NATIVE_INT8; }
static inline hid_t chdf5_c_string(void) { return H5T_C_S1; }

// A size_t of all ones, which Swift would see as the Int -1.
static inline size_t chdf5_variable_length(void) { return H5T_VARIABLE; }

#endif
