#!/usr/bin/perl
# What the workers did between two outputs of `posternctl --json workers`:
#   stages.pl BEFORE AFTER
# One line a stage: share of the cycles between the two, cycles per unit and byte.
use strict;
use warnings;
use JSON::PP;

sub workers {
	open my $f, '<', $_[0] or die "$_[0]: $!\n";
	local $/;
	return decode_json(<$f>)->{workers};
}
my ($before, $after) = map { workers($_) } @ARGV;
my (%sum, %unit, @order, $all);
for my $w (0 .. $#$after) {
	for my $key (qw(cycles_work cycles_spin cycles_asleep)) {
		$all += $after->[$w]{$key} - $before->[$w]{$key};
	}
	for my $i (0 .. $#{ $after->[$w]{stages} }) {
		my ($new, $old) = ($after->[$w]{stages}[$i], $before->[$w]{stages}[$i]);
		push @order, $new->{stage} unless exists $unit{ $new->{stage} };
		$unit{ $new->{stage} } = $new->{unit};
		$sum{ $new->{stage} }{$_} += $new->{$_} - $old->{$_} for qw(cycles units bytes);
	}
}
for my $stage (@order) {
	my $s = $sum{$stage};
	next unless $s->{cycles};
	printf "  %-6s %5.1f %%  %8.0f cycles a %-7s", $stage, 100 * $s->{cycles} / $all,
	    $s->{units} ? $s->{cycles} / $s->{units} : 0, $unit{$stage};
	printf " %8.2f a byte", $s->{cycles} / $s->{bytes} if $s->{bytes};
	print "\n";
}
