/* lib/lookup/demangle: symbols of C++ and Rust, also malicious ones. */
#include <stdlib.h>

#include "check.h"
#include "lookup/demangle.h"

static char text[4097];

static const char *
name(const char *symbol)
{
	return demangle(symbol, text, sizeof(text));
}

static void
check_names(void)
{
	CHECK_STR(name("_ZN4shop6basketIiE3addERKSt6vectorIiSaIiEE"),
	    "shop::basket<int>::add");
	CHECK_STR(name("_Z3fooIiEvT_"), "foo<int>");
	CHECK_STR(
	    name("_ZN12_GLOBAL__N_13fooEv"), "(anonymous namespace)::foo");
	CHECK_STR(
	    name("_ZZ4mainENKUlvE_clEv"), "main::{lambda()#1}::operator()");
	CHECK_STR(name("_Znwm"), "operator new");
	/* The compiler has split this function. */
	CHECK_STR(name("_ZNK3foo3barEv.cold"), "foo::bar");
	/* Both ways in which Rust mangles; the hash is left out. */
	CHECK_STR(name("_ZN5hello4main17h0123456789abcdefE"), "hello::main");
	CHECK_STR(name("_ZN45_$LT$T$u20$as$u20$alloc..string..ToString$GT$"
		       "9to_string17h0123456789abcdefE"),
	    "<T as alloc::string::ToString>::to_string");
	CHECK_STR(name("_RNvCs1234_7mycrate3foo"), "mycrate::foo");
	CHECK_STR(name("_RNvCs1234_7mycrateu8gdel_5qa"), "mycrate::gödel");
}

static void
check_others(void)
{
	static const char *const others[] = { "", "_", "main", "_Z", "_R",
		"_Zfoo", "_ZN", "_ZN9999999999999999999fooE", "_RNvC7mycrat",
		"_init", "Z3foov" };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		CHECK(name(others[i]) == others[i]);
}

/* Each 8 bytes of this symbol double the length of its name. */
static void
check_growing(void)
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	static const char tuples[] =
	    "_RINvC1a1fTmmETB7_B7_ETBb_Bb_ETBj_Bj_ETBr_Br_ETBz_Bz_ETBH_BH"
	    "_ETBP_BP_ETBX_BX_ETB15_B15_ETB1d_B1d_ETB1n_B1n_ETB1x_B1x_ETB"
	    "1H_B1H_ETB1R_B1R_ETB21_B21_ETB2b_B2b_ETB2l_B2l_ETB2v_B2v_ETB"
	    "2F_B2F_ETB2P_B2P_ETB2Z_B2Z_ETB39_B39_ETB3j_B3j_ETB3t_B3t_ETB"
	    "3D_B3D_ETB3N_B3N_ETB3X_B3X_ETB47_B47_ETB4h_B4h_ETB4r_B4r_ETB"
	    "4B_B4B_ETB4L_B4L_ETB4V_B4V_ETB55_B55_ETB5f_B5f_ETB5p_B5p_ETB"
	    "5z_B5z_ETB5J_B5J_ETB5T_B5T_ETB63_B63_ETB6d_B6d_ETB6n_B6n_ETB"
	    "6x_B6x_ETB6H_B6H_ETB6R_B6R_ETB71_B71_ETB7b_B7b_ETB7l_B7l_ETB"
	    "7v_B7v_ETB7F_B7F_ETB7P_B7P_ETB7Z_B7Z_ETB89_B89_ETB8j_B8j_ETB"
	    "8t_B8t_ETB8D_B8D_ETB8N_B8N_ETB8X_B8X_ETB97_B97_ETB9h_B9h_EE";
	static char symbol[1024], cut[16];
	size_t n = (size_t)sprintf(symbol, "_Z1fI1AI1B1BE");

	for (int i = 2; i < 36; i++)
		n += (size_t)sprintf(
		    symbol + n, "S0_IS%c_S%c_E", digits[i], digits[i]);
	sprintf(symbol + n, "Evv");
	CHECK(name(symbol) == text);
	CHECK_NUM(strlen(text), sizeof(text) - 1);
	CHECK_STR(demangle(symbol, cut, sizeof(cut)), "f<A<B, B>, A<B,");
	/* The same in Rust: each tuple has the one before it twice. */
	CHECK(name(tuples) == text);
	CHECK_NUM(strlen(text), sizeof(text) - 1);
}

int
main(void)
{
	check_names();
	check_others();
	check_growing();
	return check_done();
}
