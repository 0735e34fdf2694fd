#pragma once
// The CPU target a file is compiled for, in names: UDL_JOIN(rbm_kernels_, UDL_TARGET),
// UDL_TEXT(UDL_TARGET).
#define UDL_JOIN_(a, b) a##b
#define UDL_JOIN(a, b) UDL_JOIN_(a, b)
#define UDL_TEXT_(a) #a
#define UDL_TEXT(a) UDL_TEXT_(a)
