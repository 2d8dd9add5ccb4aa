"""A static model of TOCO: profiles `toco-1.13` to `toco-2.17`."""
