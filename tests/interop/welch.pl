# welch.pl FILE: lines "NAME CODE NANOSECONDS". Are there names that the times tell apart?
# Welch's t between each two of them, over what is below the third quartile of all: what a
# busy machine holds up is thrown away by the same limit for every name. 0 when all are
# below 4.5 (the bound of dudect, Reparaz and others 2017).
use strict;
use warnings;

my (%v, @all);
while (<>) {
	my ($name, $code, $ns) = split;
	push @{ $v{$name} }, $ns;
	push @all, $ns;
}
@all = sort { $a <=> $b } @all;
my $limit = $all[int(0.75 * @all)];
my $worst = 0;

sub moments {
	my @kept = grep { $_ < $limit } @_;
	my ($sum, $squares) = (0, 0);
	$sum += $_ for @kept;
	my $mean = $sum / @kept;
	$squares += ($_ - $mean)**2 for @kept;
	return ($mean, $squares / (@kept - 1) / @kept, scalar @kept);
}

my @names = sort keys %v;
for my $i (0 .. $#names) {
	for my $j ($i + 1 .. $#names) {
		my ($m, $e, $n) = moments(@{ $v{ $names[$i] } });
		my ($m2, $e2, $n2) = moments(@{ $v{ $names[$j] } });
		my $t = ($m - $m2) / sqrt($e + $e2);
		printf "    %s %.1f us (%d), %s %.1f us (%d): t = %+.2f\n", $names[$i], $m / 1000, $n, $names[$j],
		    $m2 / 1000, $n2, $t;
		$worst = abs($t) if abs($t) > $worst;
	}
}
exit(@names == 3 && $worst < 4.5 ? 0 : 1);
