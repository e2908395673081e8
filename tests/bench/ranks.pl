# ranks.pl FILE: lines "NAME A|B VALUE", every name in both states. Prints what
# tells A from B when the names are taken one by one:
#   medians of A and of B over all, and the median of the names' differences;
#   P(B > A) for a random pair of one name (0.5: nothing tells them apart), with
#   the deviations from 0.5 of Wilcoxon's rank sums added up over the names
#   (van Elteren 1960: within strata, ties at their mean rank);
#   the same for the part below a millisecond, which a clock that ticks in
#   milliseconds could leave to see.
use strict;
use warnings;

my %v;
while (<>) {
	my ($name, $state, $ns) = split;
	push @{ $v{$name}{$state} }, $ns / 1000;
}

sub median {
	my @s = sort { $a <=> $b } @_;
	return @s % 2 ? $s[@s / 2] : ($s[@s / 2 - 1] + $s[@s / 2]) / 2;
}

# Rank sum of the second list, its expectation, its variance.
sub wilcoxon {
	my ($x, $y) = @_;
	my @all = sort { $a->[0] <=> $b->[0] } (map { [$_, 0] } @$x), (map { [$_, 1] } @$y);
	my ($n, $m, $sum, $ties) = (scalar @$x, scalar @$y, 0, 0);
	for (my $i = 0; $i < @all;) {
		my $j = $i;
		$j++ while $j < @all && $all[$j][0] == $all[$i][0];
		$sum += ($i + $j + 1) / 2 * grep { $_->[1] } @all[$i .. $j - 1];
		$ties += ($j - $i)**3 - ($j - $i);
		$i = $j;
	}
	my $t = $n + $m;
	return ($sum, $m * ($t + 1) / 2, $n * $m / 12 * ($t + 1 - $ties / ($t * ($t - 1))));
}

sub strata {
	my ($what, $of) = @_;
	my ($dev, $var, $p, $names) = (0, 0, 0, 0);
	for my $name (keys %v) {
		my @x = map { $of->($_) } @{ $v{$name}{A} };
		my @y = map { $of->($_) } @{ $v{$name}{B} };
		my ($sum, $mean, $variance) = wilcoxon(\@x, \@y);
		$dev += $sum - $mean;
		$var += $variance;
		$p += ($sum - @y * (@y + 1) / 2) / (@x * @y);
		$names++;
	}
	printf "    %-26s P(B > A) = %.3f, %+.1f standard deviations\n", $what, $p / $names, $var > 0 ? $dev / sqrt($var) : 0;
}

my (@a, @b, @d);
for my $name (keys %v) {
	push @a, @{ $v{$name}{A} };
	push @b, @{ $v{$name}{B} };
	push @d, median(@{ $v{$name}{B} }) - median(@{ $v{$name}{A} });
}
printf "    %d names, %d and %d requests; medians A %.0f us, B %.0f us; median of the names' differences %+.0f us\n",
    scalar keys %v, scalar @a, scalar @b, median(@a), median(@b), median(@d);
strata("the whole time:", sub { $_[0] });
strata("its part below 1 ms:", sub { $_[0] - 1000 * int($_[0] / 1000) });
